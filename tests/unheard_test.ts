/** What the console is told of, while nobody listens: one line each, and nothing else. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Dabba, type DabbaOptions, defineTask, RejectError, type TaskTree } from "@dabba/queue";
import { dabbaRoutes } from "@dabba/queue/hono";
import { openKv } from "@dabba/queue/kv-queue";
import { memoryBroker, testDabba } from "@dabba/queue/testing";
import { z } from "zod";
import { Events } from "../src/events.ts";
import { UnheardEvents } from "../src/unheard.ts";

const input = z.string();
const wobbly = defineTask("wobbly", { input, backoff: ["90s"] }, (text): never => {
  throw new TypeError(text);
});
const refused = defineTask("refused", { input }, (text): never => {
  throw new RejectError(text);
});
const tasks = { wobbly, refused };
const open = (more: Partial<DabbaOptions<typeof tasks>> = {}) =>
  new Dabba({ broker: memoryBroker(), tasks, ...more });

/** Takes down what the console is told, until it is disposed of. */
function listenToConsole(): Disposable & { readonly lines: string[] } {
  const lines: string[] = [];
  const { warn, error } = console;
  const write = (level: string) => (...said: unknown[]) => {
    lines.push(`${level} ${said.map(String).join(" ")}`);
  };
  Object.assign(console, { warn: write("warn"), error: write("error") });
  return { lines, [Symbol.dispose]: () => void Object.assign(console, { warn, error }) };
}

async function failBoth<T extends TaskTree>(dabba: Dabba<T>): Promise<void> {
  for (const name of ["wobbly", "refused"]) await dabba.task(name).enqueue("no such user");
  await dabba.worker({ concurrency: 1 }).drain();
}

Deno.test("a failed attempt and a dead letter are told on the console, a line each", async () => {
  using told = listenToConsole();
  await using dabba = open();
  await failBoth(dabba);
  const [first, second, ...more] = told.lines.sort().reverse();
  assertMatch(
    first!,
    /^warn Dabba: task "wobbly" failed at attempt 1, the next one comes in 90 s \(message \S+\): TypeError: no such user \(at .*unheard_test\.ts:\d+:\d+\)?\)$/,
  );
  assertMatch(
    second!,
    /^error Dabba: task "refused" failed at attempt 1 for good, and is a dead letter now \(message \S+\): RejectError: no such user \(at /,
  );
  assertEquals(more, []);
});

Deno.test("who listens to an event hears of it alone, and the console of the other one", async () => {
  using told = listenToConsole();
  const heard: string[] = [];
  await using dabba = open({ on: { dead: ({ task }) => void heard.push(task) } });
  const off = dabba.on("retried", ({ task }) => void heard.push(task));
  await failBoth(dabba);
  assertEquals([heard.sort(), told.lines], [["refused", "wobbly"], []]);
  off();
  await failBoth(dabba);
  assertEquals([heard.length, told.lines.length], [3, 1]);
  assertStringIncludes(told.lines[0]!, '"wobbly" failed');
});

Deno.test("log: false keeps the console quiet", async () => {
  using told = listenToConsole();
  await using dabba = open({ log: false });
  await failBoth(dabba);
  assertEquals(told.lines, []);
});

Deno.test("neither the testing kit nor openKv({ onError }) writes to the console", async () => {
  using told = listenToConsole();
  await using kit = testDabba({ tasks });
  await kit.tasks.wobbly.enqueue("no");
  assertEquals((await kit.advance("1h")).dead, 1);
  await using db = await openKv({ broker: memoryBroker(), onError: () => {} });
  await db.enqueue(1, { backoffSchedule: [0] });
  const fail = () => Promise.reject(new Error("no"));
  assertEquals((await db.drainQueue(fail)).dead, 1);
  assertEquals(told.lines, []);
});

Deno.test("/drain tells the console of what fails, too", async () => {
  using told = listenToConsole();
  await using dabba = open();
  await dabba.tasks.refused.enqueue("no such user");
  const headers = { authorization: "Bearer lunch-at-twelve-sharp" };
  const app = dabbaRoutes(dabba, { secret: "lunch-at-twelve-sharp" });
  assertEquals((await app.request("/drain", { method: "POST", headers })).status, 200);
  assertEquals(told.lines.length, 1);
});

Deno.test("a task that nobody here knows is told once, however often its messages come", async () => {
  using told = listenToConsole();
  const broker = memoryBroker();
  const other = defineTask("other", { input });
  await using producer = new Dabba({ broker, tasks: { other } });
  await producer.tasks.other.enqueueMany(["a", "b", "c"]);
  await using dabba = open({ broker });
  assertEquals((await dabba.worker().drain()).handedBack, 3);
  assertEquals(told.lines.length, 1);
  assertStringIncludes(told.lines[0]!, 'no handler of task "other" is here');
});

Deno.test("a failure names the place in the app, and none where the worker itself has found it", () => {
  using told = listenToConsole();
  const events = new UnheardEvents(new Events(), true);
  const about = { id: "m1", task: "t", queue: "q", attempt: 1, fence: 1, worker: "w" };
  const frames = ["at ext:deno_fetch/26_fetch.js:2:7", "at async send (file:///app/mail.ts:3:9)"];
  for (const name of ["TypeError", "TaskTimeoutError"]) {
    const stack = [`${name}: no`, ...frames.map((frame) => `    ${frame}`)].join("\n");
    events.emit("dead", { ...about, error: { name, message: "no", stack } });
  }
  const stack = "send@file:///app/mail.ts:3:9\n@native:1";
  events.emit("dead", { ...about, error: { name: "Error", message: "no", stack } });
  assertEquals(told.lines.map((line) => line.replace(/^.*\(message m1\): /, "")), [
    "TypeError: no (at async send (file:///app/mail.ts:3:9))",
    "TaskTimeoutError: no",
    "Error: no (send@file:///app/mail.ts:3:9)",
  ]);
});

Deno.test("UnheardEvents words each event in one line that no error can break or colour", () => {
  using told = listenToConsole();
  const events = new UnheardEvents(new Events(), true);
  const about = { id: "m1", task: "t", queue: "q", attempt: 2, fence: 2, worker: "w" };
  const error = { name: "Error", message: "a\r\nb\u001b[31m\u2028c" + "x".repeat(2_000) };
  events.emit("dead", { ...about, error });
  for (const delayMs of [150, 59_600, 3_600_000]) {
    events.emit("retried", { ...about, durationMs: 1, delayMs, error: { ...error, message: "" } });
  }
  events.emit("outage", { worker: "w", error: new Error("Redis is away"), failures: 1 });
  events.emit("recovered", { worker: "w", failures: 1 });
  events.emit("alarm", { worker: "w", error: new Error("odd") });
  events.emit("deadDropped", { worker: "w", ids: ["m1", "m2"] });
  events.emit("deadNearlyFull", { worker: "w", count: 8, bytes: 900 });
  events.emit("overBudget", { worker: "w", commandsPerMonth: 9 });
  events.emit("succeeded", { ...about, durationMs: 1 });
  assertEquals(told.lines.length, 10);
  assertStringIncludes(told.lines[0]!, "Error: a b [31m c");
  assertEquals(
    told.lines.filter((line) => !/^[ -~]{1,700}$/.test(line)),
    [],
  );
  assertEquals(told.lines.slice(1, 4).map((line) => /in (\d+ \w+) /.exec(line)?.[1]), [
    ...["150 ms", "60 s", "60 min"],
  ]);
});
