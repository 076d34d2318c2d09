/** The largest claims: a worker holds in memory what one brings. */

import { assert, assertEquals } from "@std/assert";
import { idsOf } from "../contract/messages.ts";
import { Stage } from "../contract/stage.ts";
import { openMemory } from "./harness.ts";

const BODY = "x".repeat(250_000);

Deno.test("SqliteBroker.exchange() claims some megabytes at most, and the rest the next time", async () => {
  const harness = await openMemory();
  const stage = new Stage(harness);
  const ids = Array.from({ length: 60 }, (_, i) => `m${i}`);
  await stage.push(...ids.slice(0, 30).map((id) => ({ id, body: BODY })));
  await stage.push(...ids.slice(30).map((id) => ({ id, body: BODY, queue: "r" })));
  const seen: string[] = [];
  for (let most = 0; seen.length < ids.length;) {
    const { claimed, nextDueAtMs, nowMs } = await stage.exchange({
      claim: { queues: ["q", "r"], max: 1_000, begins: 0 },
    });
    seen.push(...idsOf(claimed));
    most = Math.max(most, claimed.length);
    assert(most > 0 && most < 20, `${most} at once`);
    if (seen.length < ids.length) assert(nextDueAtMs !== undefined && nextDueAtMs <= nowMs);
  }
  assertEquals(seen, ids);
  await harness.close();
});

Deno.test("SqliteBroker.exchange() takes a thousand of two lines, past what it leaves", async () => {
  const harness = await openMemory();
  const stage = new Stage(harness);
  const ids = (prefix: string) => Array.from({ length: 450 }, (_, i) => `${prefix}${i}`);
  await stage.push(...ids("lost"));
  await stage.exchange({ claim: { queues: ["q"], max: 450, begins: 0 } });
  stage.advance(3_600_000);
  await stage.push(...ids("a"));
  await stage.push(...ids("b").map((id) => ({ id, priority: "low" as const })));
  const claim = { queues: ["q"], max: 1_000, begins: 150 };
  const { claimed, left } = await stage.exchange({ claim });
  // Of those that were lost only as many as begin; 300 of them are left, and count as looked at.
  const wanted = [...ids("lost").slice(0, 150), ...ids("a"), ...ids("b").slice(0, 100)];
  assertEquals([idsOf(claimed), left], [wanted, true]);
  await harness.close();
});
