import { assert, assertEquals, assertRejects } from "@std/assert";
import { SharedLooks } from "../../src/hono/shared_looks.ts";
import type { MessageStatus } from "../../src/status.ts";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { broken, greeter, routes } from "./greeter.ts";
import { ManualClock } from "./manual_clock.ts";

/** Counts looks at a store whose answers tell how many there were; `at` moves the clock. */
function counted() {
  const asked: string[] = [];
  let now = 0;
  const clock = { now: () => now };
  const looks = new SharedLooks((id) => {
    asked.push(id);
    return Promise.resolve({ id, attempts: asked.length } as MessageStatus);
  }, clock);
  return { looks, asked, at: (ms: number) => void (now = ms) };
}

Deno.test("SharedLooks.at() looks once for all who follow a message", async () => {
  const { looks, asked, at } = counted();
  await Promise.all(Array.from({ length: 1_000 }, () => looks.at("a")));
  at(99);
  assertEquals((await looks.at("a")).attempts, 1);
  assertEquals(asked, ["a"]);
  at(100);
  assertEquals((await looks.at("a")).attempts, 2);
});

Deno.test("SharedLooks.at() keeps messages apart, and none for longer than it may serve", async () => {
  const { looks, at } = counted();
  assertEquals([(await looks.at("a")).id, (await looks.at("b")).id, looks.kept], ["a", "b", 2]);
  at(50);
  await looks.at("c");
  at(100);
  await looks.at("d");
  assertEquals(looks.kept, 2);
});

Deno.test("SharedLooks.at() tells of a failure to all who wait for it, and to nobody after", async () => {
  const gate = Promise.withResolvers<MessageStatus>();
  let asked = 0;
  const looks = new SharedLooks(() => {
    asked++;
    return asked === 1 ? gate.promise : Promise.resolve({ id: "a" } as MessageStatus);
  }, new ManualClock());
  const waiting = [looks.at("a"), looks.at("a")];
  gate.reject(new Error("away"));
  for (const one of waiting) await assertRejects(() => one, Error, "away");
  assertEquals([(await looks.at("a")).id, asked], ["a", 2]);
});

Deno.test("GET /messages/:id/events asks the store seldom for a hundred listeners", async () => {
  let looks = 0;
  const broker = broken(sqliteBroker({ path: ":memory:" }), "read", (read) => (ids) => {
    looks++;
    return read(ids);
  });
  await using dabba = greeter({ broker });
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const app = routes(dabba);
  const opening = Array.from({ length: 100 }, () => app.request(`/dabba/messages/${id}/events`));
  const streams = await Promise.all(opening);
  await dabba.worker().drain();
  looks = 0;
  // Each looks for itself until it sees the result, which ends its stream.
  const texts = await Promise.all(streams.map((stream) => stream.text()));
  assertEquals(texts.filter((text) => text.includes("event: result")).length, 100);
  // One look for each would be a hundred; a machine that is slow may take a few.
  assert(looks >= 1 && looks <= 50, `The store was asked ${looks} times`);
});
