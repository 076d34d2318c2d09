/** The model runs themselves: they find what is wrong, make it small, and play it again. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ExchangeReply, ExchangeRequest } from "../../../src/broker/broker.ts";
import { MemoryBroker } from "../../../src/testing/memory_broker.ts";
import { openMemoryBroker } from "../../testing/harness.ts";
import type { OpenHarness } from "../contract/harness.ts";
import { modelRuns } from "./model.ts";

/** Renews a lease for whoever asks. */
class LaxBroker extends MemoryBroker {
  override async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const reply = await super.exchange(request);
    return { ...reply, extended: reply.extended.map(() => "ok" as const) };
  }
}

const openLax: OpenHarness = async () => {
  const harness = await openMemoryBroker();
  return { ...harness, broker: new LaxBroker({ clock: harness.clock.now }) };
};

Deno.test("modelRuns() makes what differs small, and plays it again", async () => {
  const options = { runs: 50, seed: 1, lanes: 1 };
  const { message } = await assertRejects(() => modelRuns(openLax, options), Error);
  const [, seed, path] = /seed: (-?\d+), path: "([\d:]+)"/.exec(message)!;
  const [, replayPath] = /replayPath="([^"]+)"/.exec(message)!;
  const steps = message.match(/^ {2}[a-z]+( [a-z]+)?#\d+/gm)!;
  assert(steps.length <= 4, message);
  const replay = { seed: Number(seed), path: path!, replayPath: replayPath! };
  const again = await assertRejects(() => modelRuns(openLax, { ...options, replay }), Error);
  assertEquals(again.message.match(/^ {2}[a-z]+( [a-z]+)?#\d+/gm), steps);
});

Deno.test("modelRuns() finds no difference between a broker and itself", async () => {
  const tally = await modelRuns(openMemoryBroker, { runs: 100, seed: 3, lanes: 1 });
  assertEquals(tally.missing(), []);
});
