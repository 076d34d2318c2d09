import { assertEquals, assertRejects } from "@std/assert";
import { type ExchangeRequest, MAX_BATCH } from "../../../src/broker/broker.ts";
import { message, renewal, succeed, target } from "./messages.ts";
import type { Cases, Stage } from "./stage.ts";

const TOO_MANY = Array.from({ length: MAX_BATCH + 1 }, (_, index) => `m${index}`);
const OP = { id: "op", retainMs: 0 };

async function assertRange(stage: Stage, fields: Partial<ExchangeRequest>): Promise<void> {
  await assertRejects(() => stage.exchange(fields), RangeError, "take or settle");
}

/** Requests that are refused before any I/O, and brokers that are closed. */
export const guardCases: Cases = {
  "push() refuses more than MAX_BATCH messages": async (stage) => {
    await assertRejects(() => stage.push(...TOO_MANY), RangeError);
    assertEquals(await stage.states("m0", "m1000"), [undefined, undefined]);
  },
  "exchange() refuses more than MAX_BATCH settlements": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await assertRange(stage, { settle: TOO_MANY.map((id) => ({ ...succeed(delivery), id })) });
    assertEquals(await stage.states("m"), ["leased"]);
  },
  "exchange() refuses more than MAX_BATCH renewals": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await assertRange(stage, { extend: TOO_MANY.map((id) => ({ ...renewal(delivery), id })) });
  },
  "exchange() refuses to claim less than one or more than MAX_BATCH": async (stage) => {
    await stage.push("m");
    for (const max of [0, -1, MAX_BATCH + 1, 1.5, NaN, Infinity]) {
      await assertRange(stage, { claim: { queues: ["q"], max } });
    }
    assertEquals(await stage.states("m"), ["ready"]);
  },
  "exchange() refuses to begin less than none or more than MAX_BATCH": async (stage) => {
    await stage.push("m");
    for (const begins of [-1, MAX_BATCH + 1, 0.5, NaN]) {
      await assertRange(stage, { claim: { queues: ["q"], max: 1, begins } });
    }
    assertEquals(await stage.states("m"), ["ready"]);
  },
  "exchange() refuses to trim less than none or more than MAX_BATCH": async (stage) => {
    for (const trim of [-1, MAX_BATCH + 1, 0.5, NaN]) await assertRange(stage, { trim });
  },
  "exchange() that is refused has settled nothing": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.unchanged("m", () =>
      assertRange(stage, {
        settle: [succeed(delivery)],
        claim: { queues: ["q"], max: MAX_BATCH + 1 },
      }));
    assertEquals(await stage.settle(succeed(delivery)), ["ok"]);
  },
  "read() refuses more than MAX_BATCH ids": async (stage) => {
    await assertRejects(() => stage.broker.read(TOO_MANY), RangeError);
  },
  "cancel() refuses more than MAX_BATCH messages": async (stage) => {
    await assertRejects(
      () => stage.broker.cancel(TOO_MANY.map((id) => target(id)), OP),
      RangeError,
    );
  },
  "redrive() refuses more than MAX_BATCH letters": async (stage) => {
    await assertRejects(() => stage.broker.redrive(TOO_MANY.map(message), "op"), RangeError);
  },
  "discard() refuses more than MAX_BATCH letters": async (stage) => {
    await assertRejects(
      () => stage.broker.discard(TOO_MANY.map((id) => target(id)), OP),
      RangeError,
    );
  },
  "dead() refuses pages of none or of more than MAX_BATCH letters": async (stage) => {
    for (const limit of [0, -1, MAX_BATCH + 1, 1.5]) {
      await assertRejects(() => stage.broker.dead({ limit }), RangeError);
    }
  },
  "polling says how long to wait at first and at most": (stage) => {
    const { minMs, maxMs } = stage.broker.polling;
    assertEquals([minMs > 0, maxMs >= minMs], [true, true]);
    return Promise.resolve();
  },
  "close() may be called twice; then every call fails": async (stage) => {
    const { broker } = stage;
    await stage.push("m");
    await broker.close();
    await broker.close();
    const calls: (() => Promise<unknown>)[] = [
      () => stage.push("n"),
      () => stage.exchange(),
      () => broker.probe(["q"]),
      () => broker.read(["m"]),
      () => broker.cancel([target()], OP),
      () => broker.dead({ limit: 1 }),
      () => broker.redrive([message("m")], "op"),
      () => broker.discard([target()], OP),
      () => broker.stats(),
    ];
    for (const call of calls) await assertRejects(call, Error);
  },
};
