/** Damaged or heavy messages must not stop the others of their queue. */
import { assert, assertEquals } from "@std/assert";
import { Dabba, defineTask, redisBroker } from "@dabba/queue";
import { z } from "zod";
import { redisGateway } from "../../support/redis_gateway.ts";

const note = defineTask("note", { input: z.string() }, (text) => text.length);

// The parser of the tests' own Redis client shrinks its pool of buffers by an interval that ends later.
const POOLED = { sanitizeOps: false, sanitizeResources: false };

function open({ url, token, namespace }: { url: string; token: string; namespace: string }) {
  const broker = redisBroker({ url, token, namespace });
  return { broker, dabba: new Dabba({ broker, tasks: { note }, log: false }) };
}

Deno.test("Worker.drain() buries a record that cannot be read, and goes on", async () => {
  await using server = await redisGateway();
  const { dabba } = open(server);
  await using _ = dabba;
  const receipts = await dabba.tasks.note.enqueueMany(["a", "b", "c"]);
  const { id } = receipts[1]!;
  await server.redis.hset(`{${server.namespace}}:msg`, id, "L default:n garbage");
  const { succeeded, dead } = await dabba.worker().drain();
  assertEquals([succeeded, dead], [2, 1]);
  assertEquals((await dabba.inspect.dead()).letters.map((letter) => letter.id), [id]);
});

Deno.test("Worker.drain() runs a message whose hold cannot be read", async () => {
  await using server = await redisGateway();
  const { dabba } = open(server);
  await using _ = dabba;
  const [receipt] = await dabba.tasks.note.enqueueMany(["a", "b"]);
  await server.redis.hset(`{${server.namespace}}:msg`, `${receipt!.id}!`, "garbage");
  assertEquals((await dabba.worker().drain()).succeeded, 2);
});

Deno.test(
  "RedisBroker.exchange() keeps its reply small, and gives the rest with the next",
  POOLED,
  async () => {
    await using server = await redisGateway();
    const { dabba, broker } = open(server);
    await using _ = dabba;
    const text = "x".repeat(200_000);
    const receipts = await dabba.tasks.note.enqueueMany(Array.from({ length: 20 }, () => text));
    const seen: string[] = [];
    for (let seq = 1; seen.length < 20; seq++) {
      const { claimed, nextDueAtMs, nowMs } = await broker.exchange({
        channel: "heavy",
        seq,
        worker: "w",
        leaseMs: 30_000,
        settle: [],
        extend: [],
        claim: { queues: ["default"], max: 20 },
        trim: 0,
        sweep: false,
      });
      assert(claimed.length >= 1 && claimed.length <= 5, `${claimed.length} at once`);
      seen.push(...claimed.map(({ id }) => id));
      if (seen.length < 20) assert(nextDueAtMs! <= nowMs);
    }
    assertEquals(seen.sort(), receipts.map(({ id }) => id).sort());
  },
);

Deno.test("Worker.drain() works heavy messages off", POOLED, async () => {
  await using server = await redisGateway();
  const { dabba } = open(server);
  await using _ = dabba;
  await dabba.tasks.note.enqueueMany(Array.from({ length: 30 }, () => "x".repeat(200_000)));
  assertEquals((await dabba.worker({ concurrency: 30 }).drain()).succeeded, 30);
});
