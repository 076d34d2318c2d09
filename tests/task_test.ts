import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DeferError,
  defineTask,
  RetryError,
  type Schema,
  type SchemaResult,
  type TaskContext,
  type TaskSettings,
  UnserialisableError,
  ValidationError,
} from "@dabba/queue";
import { z } from "zod";

const n = z.number();

for (const name of ["", "a b", "a/b", "x".repeat(65), "a\n", undefined, 7, null, Symbol("a")]) {
  Deno.test(`defineTask() refuses the name ${Deno.inspect(name).slice(0, 20)}`, () => {
    assertThrows(() => defineTask(name as never, { input: n }), TypeError, "task name");
  });
}

for (const input of [undefined, null, 7, {}, () => true, { "~standard": {} }, { parse: () => 1 }]) {
  Deno.test(`defineTask() refuses the schema ${Deno.inspect(input)}`, () => {
    assertThrows(() => defineTask("a", { input: input as never }), TypeError, "options.input");
  });
}

Deno.test("defineTask() refuses what is no options, no output schema, no handler", () => {
  assertThrows(() => defineTask("a", undefined as never), TypeError, "options.input");
  assertThrows(
    () => defineTask("a", { input: n, output: 7 as never }),
    TypeError,
    "options.output",
  );
  assertThrows(() => defineTask("a", { input: n }, 7 as never), TypeError, "handler");
  assertThrows(() => defineTask("a", { input: n }).handler(null as never), TypeError, "handler");
});

const refused: [string, TaskSettings, typeof TypeError | typeof RangeError, string][] = [
  ["a timeout of nothing", { timeout: 0 }, RangeError, "timeout"],
  ["a timeout that cannot be read", { timeout: "1 min" }, TypeError, "timeout"],
  ["a queue with a space", { queue: "a b" }, TypeError, "queue"],
  ["an unknown lane", { priority: "urgent" as never }, TypeError, "priority"],
  ["a negative retention", { retain: -1 }, RangeError, "retain"],
  ["no crash", { maxCrashes: 0 }, RangeError, "maxCrashes"],
  ["crashes without end", { maxCrashes: Infinity }, RangeError, "maxCrashes"],
  ["a backoff that cannot be read", { backoff: ["soon"] }, TypeError, "backoff[0]"],
  ["a backoff that is text", { backoff: "1m" as never }, TypeError, "backoff"],
];

for (const [what, settings, Kind, part] of refused) {
  Deno.test(`defineTask() refuses ${what}`, () => {
    assertThrows(() => defineTask("a", { input: n, ...settings }), Kind, part);
  });
}

Deno.test("A task runs in place: input as a worker gets it, output checked", async () => {
  const input = z.object({ at: z.coerce.date(), n: z.number().default(3) });
  const output = z.object({ year: z.number() });
  const year = defineTask("year", { input, output }, ({ at }) => ({ year: at.getUTCFullYear() }));
  assertEquals(await year({ at: new Date(0) }), { year: 1970 });
  await assertRejects(() => year({ at: "no date" }), ValidationError, "input");
  await assertRejects(() => year({ at: 7n } as never), UnserialisableError);
  const bad = defineTask("bad", { input, output }).handler((() => ({ year: "1970" })) as never);
  await assertRejects(() => bad({ at: new Date(0) }), ValidationError, "output");
});

Deno.test("A task that runs in place gets a context, of which a caller may give a part", async () => {
  const contexts: TaskContext[] = [];
  const look = defineTask("look", { input: n, queue: "q", backoff: ["1s"] }, (_, ctx) => {
    ctx.progress({ any: 1 });
    contexts.push(ctx);
  });
  const { signal } = new AbortController();
  await look(1);
  await look(1, { attempt: 2, signal });
  const { id, task, queue, attempt, maxAttempts, fence } = contexts[0]!;
  assertEquals([id.length, task, queue, attempt, maxAttempts, fence], [22, "look", "q", 1, 2, 1]);
  assertEquals([contexts[1]!.attempt, contexts[1]!.signal === signal], [2, true]);
});

Deno.test("A contract and its handler make a task; the contract stays as it was", async () => {
  const contract = defineTask("double", { input: n, output: n });
  const double = contract.handler((input) => input * 2);
  const triple = contract.handler((input) => Promise.resolve(input * 3));
  assertEquals([await double(2), await triple(2), double.taskName], [4, 6, "double"]);
});

/** A validator of our own, as any library could be: at once or later. */
function even(later: boolean): Schema<number> {
  const check = (value: unknown): SchemaResult<number> => {
    if (typeof value === "number" && value % 2 === 0) return { value };
    return { issues: [{ message: "not even", path: [{ key: "n" }, Symbol("s"), 0] }] };
  };
  const validate = (value: unknown) =>
    later
      ? new Promise<SchemaResult<number>>((resolve) => setTimeout(resolve, 1, check(value)))
      : check(value);
  return { "~standard": { version: 1, vendor: "ours", validate } };
}

for (const later of [false, true]) {
  Deno.test(`defineTask() takes any Standard Schema that answers ${later ? "later" : "at once"}`, async () => {
    const half = defineTask(
      "half",
      { input: even(later), output: even(later) },
      (input) => input / 2,
    );
    assertEquals(await half(8), 4);
    const error = await assertRejects(
      () => half(7),
      ValidationError,
      `at "n.Symbol(s).0": not even`,
    );
    assertEquals(error.issues, [{ message: "not even", path: ["n", "Symbol(s)", 0] }]);
    assertEquals((await assertRejects(() => half(2), ValidationError)).side, "output");
  });
}

Deno.test("defineTask() refuses an option that there is none of", () => {
  const mistyped = { input: z.string(), timeuot: "1s" };
  assertThrows(
    () => defineTask("t", mistyped),
    TypeError,
    'Cannot define task "t": there is no option "timeuot"; there are input, output, backoff',
  );
});

for (const make of [DeferError, RetryError]) {
  Deno.test(`${make.name} refuses a delay that is none where it is thrown`, () => {
    assertThrows(() => new make({ delay: "soon" }), TypeError, 'Cannot read delay "soon"');
    assertThrows(() => new make({ delay: -1 }), RangeError, "Cannot use delay -1");
  });
}
