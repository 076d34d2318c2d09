import { assertEquals } from "@std/assert";
import type { Run } from "../../src/worker/run.ts";
import { Settler } from "../../src/worker/settler.ts";

function finish(settler: Settler, count: number): void {
  const verdict = { kind: "succeeded", retainMs: 0, result: "" } as const;
  for (let i = 0; i < count; i++) settler.add({ run: {} as Run, verdict, endedAt: 0 });
}

Deno.test("Settler.takeTrim() asks for twice as many as were added, once they are many", () => {
  const settler = new Settler(0);
  finish(settler, 249);
  assertEquals(settler.takeTrim(false), 0);
  finish(settler, 1);
  assertEquals([settler.takeTrim(false), settler.takeTrim(false)], [500, 0]);
});

Deno.test("Settler.takeTrim() asks for as many as it may with a sweep", () => {
  assertEquals(new Settler(0).takeTrim(true), 1_000);
});

Deno.test("Settler has short drains clear away more than they add, taken together", () => {
  let added = 0;
  let trimmed = 0;
  // Each drain ends two messages, and begins somewhere in the count of a long one.
  for (let drain = 0; drain < 1_000; drain++) {
    const settler = new Settler(0, drain / 1_000);
    finish(settler, 2);
    added += 2;
    trimmed += settler.takeTrim(false);
  }
  assertEquals(trimmed > added, true, `${trimmed} trimmed of ${added}`);
});

Deno.test("Settler.take() takes one outcome of each message at a time", () => {
  const settler = new Settler(0);
  const verdict = { kind: "succeeded", retainMs: 0, result: "" } as const;
  for (const [id, claim] of [["a", "old"], ["b", "b"], ["a", "new"], ["c", "c"]]) {
    settler.add({ run: { delivery: { id, claim } } as unknown as Run, verdict, endedAt: 0 });
  }
  const claims = () => settler.take().map(({ run }) => run.delivery.claim);
  assertEquals([claims(), claims(), claims()], [["old", "b"], ["new", "c"], []]);
});
