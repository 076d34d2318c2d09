import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../src/worker/clock.ts";

Deno.test("systemClock().timer() calls back once, and not before its time", async () => {
  const clock = systemClock();
  for (const ms of [0, 0.4, 1.6, 7.9, 20.5]) {
    const begunAt = clock.now();
    let calls = 0;
    await new Promise<void>((resolve) => void clock.timer(ms, () => resolve(void calls++)));
    const waited = clock.now() - begunAt;
    assert(waited >= ms, `after ${waited} ms instead of ${ms}`);
    assertEquals(calls, 1);
  }
});

Deno.test("systemClock().timer() is called off by what it gives, also after it rang", async () => {
  const clock = systemClock();
  const cancel = clock.timer(1, () => assert(false, "it was called off"));
  cancel();
  cancel();
  let rang = () => {};
  await new Promise<void>((resolve) => void (rang = clock.timer(3, resolve)));
  rang();
});

Deno.test("systemClock().timer() waits longer than setTimeout can", async () => {
  const clock = systemClock();
  let rang = false;
  const cancel = clock.timer(2 ** 31 + 1_000, () => rang = true);
  await new Promise<void>((resolve) => void clock.timer(20, resolve));
  assertEquals(rang, false);
  cancel();
});

Deno.test("systemClock().now() is not the wall clock, which may be set back", () => {
  const now = Date.now;
  try {
    Date.now = () => 0;
    const clock = systemClock();
    const first = clock.now();
    assert(first > 0 && clock.now() >= first);
  } finally {
    Date.now = now;
  }
});
