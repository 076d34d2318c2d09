import { assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

Deno.test("VirtualClock.moveTo() rings what is due in its order, and nothing that was called off", () => {
  const clock = new VirtualClock(1_000, 1);
  const rang: string[] = [];
  clock.timer(20, () => rang.push("second"));
  const off = clock.timer(30, () => rang.push("called off"));
  clock.timer(10, () => {
    rang.push("first");
    off();
  });
  clock.timer(31, () => rang.push("later"));
  assertEquals(clock.nextAt, 10);
  clock.moveTo(30);
  assertEquals([rang, clock.now(), clock.wall(), clock.nextAt], [
    ["first", "second"],
    ...[30, 1_030, 31],
  ]);
  clock.moveTo(5);
  assertEquals(clock.now(), 30);
});
