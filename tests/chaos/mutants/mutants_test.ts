import { assertEquals, assertGreaterOrEqual, assertNotEquals, assertThrows } from "@std/assert";
import { ROOT } from "../../support/project.ts";
import { MUTANTS } from "./all.ts";
import { type Mutant, mutate } from "./mutant.ts";

const mutant: Mutant = { guard: "a guard", file: "f.ts", find: "b", put: "$&", tests: [] };

Deno.test("mutate() takes out the one place, and puts the text in as it is", () => {
  assertEquals(mutate("abc", mutant), "a$&c");
});

Deno.test("mutate() throws when the guard is not there exactly once", () => {
  assertThrows(() => mutate("abcb", mutant), Error, "2 times");
  assertThrows(() => mutate("a", mutant), Error, "0 times");
});

Deno.test("every mutant fits the code of today, and names tests that are there", async () => {
  assertGreaterOrEqual(MUTANTS.length, 25);
  assertEquals(new Set(MUTANTS.map(({ guard }) => guard)).size, MUTANTS.length);
  for (const one of MUTANTS) {
    const source = await Deno.readTextFile(ROOT + one.file);
    assertNotEquals(mutate(source, one), source, one.guard);
    for (const test of one.tests) await Deno.stat(ROOT + test);
  }
});
