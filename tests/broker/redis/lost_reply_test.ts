/** Requests that Redis has acted on though the caller never heard, and requests that come twice. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ExchangeRequest } from "../../../src/broker/broker.ts";
import { BrokerError } from "../../../src/errors.ts";
import { cutOff, type Intercept } from "../../support/redis_gateway.ts";
import { bury, idsOf, newChannel, renewal, retry, succeed, target } from "../contract/messages.ts";
import { LEASE_MS } from "../contract/stage.ts";
import { type HttpClient, openRig, overHttp, type Rig } from "./rig.ts";

const OP = { id: "op", retainMs: 0 };

/**
 * Loses replies while it is on: cuts them off, or has a proxy answer in their place. A connection that
 * is reset would not do: then Deno's fetch sends the request again by itself.
 */
class Loss {
  /** How many replies are still to be lost. */
  left = 0;
  readonly intercept: Intercept = async (request, forward) => {
    const reply = await forward(request);
    if (this.left === 0) return reply;
    return this.left-- % 2 === 0 ? cutOff(reply, 5) : new Response("Bad Gateway", { status: 502 });
  };
}

/** Opens a rig that knows its scripts, so that each call is one request. */
async function openLossy(client: HttpClient): Promise<{ rig: Rig; loss: Loss }> {
  const loss = new Loss();
  const rig = await openRig({ client, intercept: loss.intercept });
  await rig.stage.settle(succeed(await rig.stage.pushAndClaim("warm")));
  return { rig, loss };
}

async function assertLost(call: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(call, BrokerError);
  assert(error.retryable);
}

const request = (fields: Partial<ExchangeRequest>): Partial<ExchangeRequest> => ({
  channel: newChannel(),
  claim: { queues: ["q"], max: 10 },
  ...fields,
});

overHttp("RedisBroker.push() whose reply is lost stores its messages once", async (client) => {
  const { rig, loss } = await openLossy(client);
  await using _ = rig;
  for (const nonce of ["-", "chosen"]) {
    loss.left = 2;
    const ids = [`a${nonce}`, `b${nonce}`];
    const replies = await rig.stage.push(...ids.map((id) => ({ id, nonce })));
    assertEquals(loss.left, 0);
    assertEquals(replies.map(({ disposition }) => disposition), ["enqueued", "enqueued"]);
    assertEquals(idsOf(await rig.stage.claim()), ids);
  }
});

overHttp(
  "RedisBroker.push() with a dedupe key whose reply is lost is no duplicate",
  async (client) => {
    const { rig, loss } = await openLossy(client);
    await using _ = rig;
    loss.left = 1;
    const dedupe = { key: "k", ttlMs: 1_000 };
    assertEquals(await rig.stage.push({ id: "a", dedupe }), [{ id: "a", disposition: "enqueued" }]);
  },
);

overHttp("RedisBroker.exchange() is not sent again by itself", async (client) => {
  const { rig, loss } = await openLossy(client);
  await using _ = rig;
  loss.left = 1;
  const before = rig.server.requests;
  await assertLost(() => rig.stage.claim());
  assertEquals(rig.server.requests - before, 1);
});

overHttp(
  "RedisBroker.exchange() whose reply is lost claims the same batch again",
  async (client) => {
    const { rig, loss } = await openLossy(client);
    await using _ = rig;
    await rig.stage.push("a", "b", "c");
    const same = request({ seq: 1, claim: { queues: ["q"], max: 2 } });
    loss.left = 2;
    await assertLost(() => rig.stage.exchange(same));
    await assertLost(() => rig.stage.exchange(same));
    const { claimed } = await rig.stage.exchange(same);
    assertEquals(claimed.map(({ id, fence }) => [id, fence]), [["a", 1], ["b", 1]]);
    assertEquals(await rig.stage.states("c"), ["ready"]);
  },
);

overHttp("RedisBroker.exchange() whose empty reply is lost stays empty", async (client) => {
  const { rig, loss } = await openLossy(client);
  await using _ = rig;
  const same = request({ seq: 1 });
  loss.left = 1;
  await assertLost(() => rig.stage.exchange(same));
  await rig.stage.push("m");
  assertEquals((await rig.stage.exchange(same)).claimed, []);
  assertEquals(await rig.stage.states("m"), ["ready"]);
});

overHttp("RedisBroker.exchange() whose reply is lost settles and renews once", async (client) => {
  const { rig, loss } = await openLossy(client);
  await using _ = rig;
  await rig.stage.push("a", "b", "c", "d");
  const [a, b, c, d] = await rig.stage.claim();
  const same = request({
    seq: 2,
    settle: [succeed(a!, { result: "r" }), retry(b!, { delayMs: 5 }), bury(c!)],
    extend: [renewal(d!, "half")],
  });
  loss.left = 1;
  await assertLost(() => rig.stage.exchange(same));
  rig.clock.advance(1);
  const { settled, extended } = await rig.stage.exchange(same);
  assertEquals([settled, extended], [["ok", "ok", "ok"], ["ok"]]);
  const [first, second, third] = await rig.broker.read(["a", "b", "c"]);
  assertEquals([first?.state, first?.result], ["succeeded", "r"]);
  assertEquals([second?.failures, third?.failures], [1, 1]);
  assertEquals(second?.dueAtMs, rig.clock.now() - 1 + 5);
});

overHttp(
  "RedisBroker.exchange() that comes late takes nothing and changes nothing",
  async (client) => {
    const { rig } = await openLossy(client);
    await using _ = rig;
    await rig.stage.push("a", "b", "c");
    const late = request({ seq: 1, claim: { queues: ["q"], max: 1 } });
    const [a] = (await rig.stage.exchange(late)).claimed;
    const settle = [retry(a!)];
    const next = { ...late, seq: 2, settle };
    assertEquals(idsOf((await rig.stage.exchange(next)).claimed), ["b"]);
    await rig.stage.unchanged("a", () => rig.stage.exchange(late));
    await rig.stage.exchange({ ...late, seq: 3, claim: { queues: ["q"], max: 2 } });
    const { settled, claimed } = await rig.stage.exchange({ ...next, settle: [succeed(a!)] });
    assertEquals([settled, claimed], [["ok"], []]);
    assertEquals(await rig.stage.states("a"), ["leased"]);
  },
);

overHttp("RedisBroker.cancel(), redrive() and discard() may lose their replies", async (client) => {
  const { rig, loss } = await openLossy(client);
  await using _ = rig;
  const { broker, stage } = rig;
  await stage.push("live", "dead", "gone");
  const [, dead, gone] = await stage.claim();
  await stage.settle(bury(dead!), bury(gone!));
  const calls = [
    () => broker.cancel([target("live", "r")], OP),
    () => broker.redrive([target("dead")], "op"),
    () => broker.discard([target("gone", "r")], OP),
  ];
  const answers: string[] = [];
  for (const call of calls) {
    // Known by its hash first, so that the reply that is lost is the script's.
    await broker.cancel([], OP);
    loss.left = 1;
    answers.push(...await call());
  }
  assertEquals(answers, ["cancelled", "redriven", "discarded"]);
  assertEquals(await stage.states("live", "dead", "gone"), ["cancelled", "ready", "cancelled"]);
});

overHttp("RedisBroker lives through a network that sends every request twice", async (client) => {
  await using rig = await openRig({
    client,
    intercept: async (request, forward) => {
      await forward(request.clone());
      return await forward(request);
    },
  });
  const { stage } = rig;
  const channel = newChannel();
  const ids = ["a", "b", "c", "d"];
  assertEquals((await stage.push(...ids)).map(({ disposition }) => disposition), [
    ...ids.map(() => "enqueued"),
  ]);
  const [a, b, c, d] = await stage.claim({ channel, seq: 1 });
  const settle = [succeed(a!), retry(b!), bury(c!)];
  const second = await stage.exchange({ channel, seq: 2, settle, extend: [renewal(d!)] });
  assertEquals([second.settled, second.extended], [["ok", "ok", "ok"], ["ok"]]);
  rig.clock.advance(LEASE_MS);
  const again = await stage.claim({ channel, seq: 3 });
  const counts = again.map(({ id, fence, failures, crashes }) => [id, fence, failures, crashes]);
  assertEquals(counts, [["b", 2, 1, 0], ["d", 2, 0, 1]]);
  assertEquals(await rig.broker.redrive([target("c")], "op"), ["redriven"]);
  assertEquals(await rig.broker.cancel([target("c")], OP), ["cancelled"]);
});
