/** The work of one message without its store: `deno bench -A tests/bench/micro_bench.ts`. */

import type { ExchangeRequest } from "../../src/broker/broker.ts";
import { exchangeCall, exchangeReply } from "../../src/broker/redis/exchange_call.ts";
import { lineReader } from "../../src/broker/redis/keys.ts";
import { parseDelivery } from "../../src/broker/redis/record.ts";
import { ReplyReader } from "../../src/broker/redis/reply.ts";
import { exchangeScript } from "../../src/broker/redis/scripts/exchange.ts";
import { resolveBounds } from "../../src/broker/bounds.ts";
import { decodeEnvelope, encodeEnvelope } from "../../src/message/envelope.ts";
import { randomId } from "../../src/message/id.ts";
import { encodeJson } from "../../src/message/json.ts";
import { decide } from "../../src/retry/decide.ts";
import { PLAN } from "./raw_broker.ts";
import { payload } from "./way.ts";

const BODY = encodeEnvelope(PLAN, JSON.stringify(payload(1)));
const RECORD = `L default:n 1764000000000 - 0 0 ${BODY}`;
const CHANNEL = randomId();
const IDS = Array.from({ length: 100 }, randomId);
const REPLY = ["=exchange", 1764000000000, "", "", "=", "=", "=", `=${IDS.join(" ")}`, 0]
  .concat(IDS.flatMap(() => [RECORD, ""]) as never[]);
const HANDED = { claim: `${CHANNEL}.1`, lineOf: lineReader() };
const DELIVERIES = IDS.map((id) => parseDelivery({ id, record: RECORD, hold: "" }, HANDED));
const CLAIM: ExchangeRequest = {
  ...{ channel: CHANNEL, seq: 2, worker: "w", leaseMs: 30_000, settle: [], extend: [] },
  ...{ claim: { queues: ["default"], max: 100 }, trim: 0, sweep: false },
};
const SETTLE: ExchangeRequest = {
  ...CLAIM,
  settle: DELIVERIES.map(({ id, queue, priority, claim, token }) => ({
    ...{ id, queue, priority, claim, token },
    ...{ outcome: "succeeded" as const, retainMs: 3_600_000, result: '{"t":"email.send"}' },
  })),
};
const FAILURE = new Error("no answer");
const BACKOFF = [60_000, 300_000, 900_000];
const BOUNDS = resolveBounds();

Deno.bench("encode a message", () => {
  encodeEnvelope(PLAN, encodeJson(payload(1)));
});
Deno.bench("decode a message", () => {
  decodeEnvelope(BODY);
});
Deno.bench("decode a claim of 100", () => {
  const reader = new ReplyReader(REPLY);
  reader.marked();
  const { args } = exchangeCall(CLAIM, BOUNDS);
  exchangeReply(CLAIM, exchangeScript.decode(reader, args));
});
Deno.bench("encode a settle of 100", () => {
  exchangeScript.encode(exchangeCall(SETTLE, BOUNDS).args);
});
Deno.bench("decide on a failed attempt", () => {
  decide(FAILURE, BACKOFF, { failures: 2, random: 0.5, begun: true });
});
