import { assert, assertEquals, assertRejects } from "@std/assert";
import { SqliteBroker } from "../../../src/broker/sqlite/sqlite_broker.ts";
import { BrokerError } from "../../../src/errors.ts";
import { manualClock } from "../contract/harness.ts";
import { succeed } from "../contract/messages.ts";
import { MIN_RETAIN_MS, Stage } from "../contract/stage.ts";
import { withTempFile } from "./temp_file.ts";

const LARGE = "x".repeat(20_000);

/** Lends a stage on a file that may not grow beyond a few pages. */
function withSmallDisk(play: (stage: Stage) => Promise<void>): Promise<void> {
  return withTempFile(async (path) => {
    const clock = manualClock();
    const options = { path, namespace: "dabba", synchronous: "full", clock: clock.now } as const;
    const broker = new SqliteBroker({ ...options, maxPages: 120 });
    const leftovers = () => Promise.resolve([]);
    try {
      await play(new Stage({ broker, clock, leftovers, close: () => broker.close() }));
    } finally {
      await broker.close();
    }
  });
}

/** Pushes batches until one is refused; how many messages got in. */
async function fill(stage: Stage, body: string, batch: number): Promise<number> {
  for (let count = 0; count < 10_000; count += batch) {
    const ids = Array.from({ length: batch }, (_, index) => `fill-${count + index}`);
    try {
      await stage.push(...ids.map((id) => ({ id, body })));
    } catch (error) {
      assert(error instanceof BrokerError && error.full, String(error));
      assertEquals([error.retryable, error.operation], [true, "enqueue"]);
      return count;
    }
  }
  throw new Error("Cannot fill the file: it takes whatever comes");
}

Deno.test("SqliteBroker.push() on a full disk says so and stores none of its batch", () =>
  withSmallDisk(async (stage) => {
    const count = await fill(stage, LARGE, 2);
    assert(count > 0);
    const ids = [0, count - 1, count, count + 1].map((index) => `fill-${index}`);
    assertEquals(await stage.states(...ids), ["ready", "ready", undefined, undefined]);
  }));

Deno.test("SqliteBroker.exchange() settles on a full disk, and so makes room", () =>
  withSmallDisk(async (stage) => {
    await stage.push({ id: "a", body: LARGE }, { id: "b", body: LARGE });
    const [a, b] = await stage.claim();
    await fill(stage, "small", 20);
    assertEquals(await stage.settle(succeed(a!, { result: "r" }), succeed(b!)), ["ok", "ok"]);
    assertEquals((await stage.record("a")).result, "r");
    assertEquals((await stage.push("again"))[0]?.disposition, "enqueued");
  }));

Deno.test("SqliteBroker.exchange() claims and settles all of a disk full of large bodies", () =>
  withSmallDisk(async (stage) => {
    const count = await fill(stage, LARGE, 2);
    for (let settled = 0; settled < count; settled++) {
      assertEquals(await stage.settle(succeed(await stage.claimOne())), ["ok"]);
    }
    assertEquals((await stage.broker.stats()).queues, []);
  }));

Deno.test("SqliteBroker.exchange() trims first, so that a full disk has room for its claim", () =>
  withSmallDisk(async (stage) => {
    await stage.push("old");
    await stage.settle(succeed(await stage.claimOne(), { result: LARGE }));
    stage.advance(MIN_RETAIN_MS);
    await fill(stage, "small", 20);
    const claim = { queues: ["q"], max: 50 };
    await assertRejects(() => stage.exchange({ claim }), BrokerError, "is full");
    assertEquals((await stage.exchange({ claim, trim: 1 })).claimed.length, 50);
  }));
