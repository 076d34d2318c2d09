import { assert, assertEquals } from "@std/assert";
import { defineTask, RejectError } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./rig.ts";

const hopeless = defineTask("hopeless", { input: z.number() }, () => {
  throw new RejectError("no");
});

/** A rig of few letters in which so many messages have died, the one with the least number first. */
async function graveyard(deaths: number) {
  const rig = new Rig({ hopeless }, { deadLetters: { count: 5 } });
  for (let i = 0; i < deaths; i++) {
    await rig.tasks.hopeless.enqueue(i, { id: `m${i}` });
    rig.clock.leap(1);
  }
  await rig.clock.until(rig.worker({ concurrency: 1 }).drain());
  return rig;
}

Deno.test("Worker tells once that the dead letters are nearly full", async () => {
  await using rig = await graveyard(5);
  const [event, ...more] = rig.all("deadNearlyFull");
  assertEquals([event?.count, more], [4, []]);
  assert(event!.bytes > 0);
});

Deno.test("Worker drops what is beyond the bound when it tidies up, and tells what", async () => {
  await using rig = await graveyard(8);
  rig.clock.leap(60_000);
  const running = rig.run();
  await rig.until("deadDropped");
  await running.stop();
  assertEquals(rig.all("deadDropped").flatMap(({ ids }) => ids), ["m0", "m1", "m2"]);
  const { letters, total } = await rig.dabba.inspect.dead();
  assertEquals([letters.at(-1)?.id, total], ["m3", 5]);
});

Deno.test("Inspect.doctor() warns of dead letters that are about to be dropped", async () => {
  for (const [deaths, warned] of [[3, false], [4, true]] as const) {
    await using rig = await graveyard(deaths);
    const found = await rig.dabba.inspect.doctor();
    const said = found.filter(({ level, text }) => level === "warning" && /deadLetters/.test(text));
    assertEquals(said.length === 1, warned);
  }
});
