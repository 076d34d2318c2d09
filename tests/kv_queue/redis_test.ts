import { assertEquals } from "@std/assert";
import { RedisBroker } from "@dabba/queue";
import { openKv } from "@dabba/queue/kv-queue";
import { redisGateway } from "../support/redis_gateway.ts";

Deno.test("openKv() on Redis over HTTP: values, several queues, and undelivered ones", async () => {
  await using server = await redisGateway();
  const { url, token, namespace } = server;
  const broker = new RedisBroker({ url, token, namespace });
  await using db = await openKv({ broker, onError() {} });
  const value = { bytes: new Uint8Array([0, 255]), when: new Map([[1n, new Date(5)]]) };
  const got = Promise.withResolvers<unknown>();
  db.queue("mail").listenQueue((mail) => got.resolve(mail));
  await db.queue("mail").enqueue(value);
  assertEquals(await got.promise, value);
  const options = { keysIfUndelivered: [["failed", 1]], backoffSchedule: [1] };
  await db.atomic().enqueue("lost", options).enqueue("lost, too", { backoffSchedule: [] }).commit();
  let attempts = 0;
  while ((await db.get(["failed", 1])).value === null) {
    await db.drainQueue(() => {
      attempts++;
      throw new Error("no");
    });
  }
  assertEquals([attempts, (await db.get(["failed", 1])).value], [3, "lost"]);
});
