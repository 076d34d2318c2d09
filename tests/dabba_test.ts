import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Dabba,
  DabbaError,
  defineTask,
  denoCron,
  task,
  tickOnce,
  UnknownTaskError,
} from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { FaultyBroker } from "./worker/faulty_broker.ts";

const n = z.number();
const a = defineTask("a", { input: n }, (input) => input);
const b = defineTask("b", { input: n }, (input) => input);
const memory = () => new FaultyBroker(sqliteBroker({ path: ":memory:" }));

class Images {
  readonly sizes: readonly number[] = [1, 2];

  @task("image.resize", { input: n })
  resize(input: number): number[] {
    return this.sizes.map((size) => size * input);
  }

  helper(): string {
    return "no task";
  }

  get danger(): never {
    throw new Error("a getter that nobody asked for");
  }
}

const unusable: [string, unknown][] = [
  ["nothing", undefined],
  ["null", null],
  ["a function", () => {}],
  ["a plain value", { a, b: 7 }],
  ["null as a task", { a, b: null }],
  ["an empty group", { a, group: {} }],
  ["a function that is no task", { a, b: () => {} }],
  ["an instance without tasks", { a, date: new Date() }],
  ["a class instead of its instance", { images: Images }],
  ["a schema", { a, n }],
];

for (const [what, tasks] of unusable) {
  Deno.test(`new Dabba() refuses ${what} in its tasks, before any I/O`, () => {
    const broker = memory();
    assertThrows(() => new Dabba({ broker, tasks: tasks as never }), TypeError, "Cannot");
    assertEquals(broker.calls.length, 0);
  });
}

Deno.test("new Dabba() refuses two tasks of one name, and names it", () => {
  const twin = defineTask("a", { input: n }, () => {});
  const broker = memory();
  assertThrows(() => new Dabba({ broker, tasks: { a, twin } }), TypeError, `"a" twice`);
  assertThrows(() => new Dabba({ broker, tasks: { a, group: { twin } } }), TypeError, `"a" twice`);
  const tasks = { one: new Images(), other: new Images() };
  assertThrows(() => new Dabba({ broker, tasks }), TypeError, `"image.resize" twice`);
});

Deno.test("new Dabba() refuses tasks that lie deeper than one group", () => {
  const deep = { media: { a, images: new Images() } };
  assertThrows(() => new Dabba({ broker: memory(), tasks: deep }), TypeError, "media.images");
  const deeper = { media: { a, inner: { b } } };
  assertThrows(() => new Dabba({ broker: memory(), tasks: deeper }), TypeError, "media.inner");
});

for (const payloadLimit of [0, -1, 1.5, NaN, Infinity, "1kb" as never]) {
  Deno.test(`new Dabba() refuses a payloadLimit of ${payloadLimit}`, () => {
    const options = { broker: memory(), tasks: { a }, payloadLimit };
    assertThrows(() => new Dabba(options), RangeError, "payloadLimit");
  });
}

Deno.test("new Dabba() asks nothing of its broker", async () => {
  const broker = memory();
  await using dabba = new Dabba({ broker, tasks: { a, group: { b }, images: new Images() } });
  assertEquals(dabba.taskNames, ["a", "b", "image.resize"]);
  assertEquals(broker.calls.length, 0);
});

Deno.test("Dabba.tasks calls a task in place, decorated methods on their instance", async () => {
  await using dabba = new Dabba({ broker: memory(), tasks: { a, images: new Images() } });
  assertEquals(await dabba.tasks.a(7), 7);
  assertEquals(await dabba.tasks.images.resize(3), [3, 6]);
  assertEquals(Object.keys(dabba.tasks.images), ["resize"]);
});

Deno.test("Dabba.task() finds a task by its name, or says that there is none", async () => {
  await using dabba = new Dabba({ broker: memory(), tasks: { images: new Images() } });
  const found = dabba.task("image.resize");
  assertEquals([found.taskName, await found(2)], ["image.resize", [2, 4]]);
  const error = assertThrows(() => dabba.task("image.crop"), UnknownTaskError, "image.crop");
  assertEquals([error.code, error.task], ["unknown_task", "image.crop"]);
  assertThrows(() => dabba.task("constructor"), UnknownTaskError);
});

Deno.test("Dabba.observed() tells of each message that the store has taken through it", async () => {
  const broker = memory();
  await using dabba = new Dabba({ broker, tasks: { a } });
  let told = 0;
  const tasks = dabba.observed(() => told++);
  await tasks.a.enqueue(1);
  await tasks.a.enqueueMany([1, 2]);
  await tasks.a.enqueueMany([]);
  await assertRejects(() => tasks.a.enqueue("no" as never));
  await dabba.tasks.a.enqueue(1);
  assertEquals(told, 2);
});

Deno.test("Dabba.worker() refuses to be made where no task has a handler, and names them", async () => {
  const mail = defineTask("mail.send", { input: n });
  const push = defineTask("push.send", { input: n });
  await using dabba = new Dabba({ broker: memory(), tasks: { mail, group: { push } } });
  const text = 'none of its tasks has a handler, "mail.send", "push.send"; give it to one at least';
  assertThrows(() => dabba.worker(), TypeError, text);
  assertThrows(() => dabba.worker({ queues: ["default"] }), TypeError, ".handler(");
  assertThrows(() => denoCron(dabba), TypeError, text);
  await assertRejects(() => tickOnce(dabba), TypeError, text);
  await using whole = new Dabba({
    broker: memory(),
    tasks: { mail, push: push.handler(() => {}) },
  });
  assertEquals((await whole.worker({ signals: false }).drain()).ended, "empty");
});

Deno.test("Dabba.worker() of many contracts names no more than ten of them", async () => {
  const contracts = Array.from({ length: 11 }, (_, i) => defineTask(`task.${i}`, { input: n }));
  const tasks = Object.fromEntries(contracts.map((one, i) => [`task${i}`, one]));
  await using dabba = new Dabba({ broker: memory(), tasks });
  assertThrows(() => dabba.worker(), TypeError, '"task.9", …; give');
});

Deno.test("Dabba.worker() serves the queues of the tasks whose handlers are here", async () => {
  const broker = memory();
  const here = defineTask("here", { input: n, queue: "q1" }, () => {});
  const elsewhere = defineTask("elsewhere", { input: n, queue: "q2" });
  await using dabba = new Dabba({ broker, tasks: { here, elsewhere } });
  await dabba.tasks.elsewhere.enqueue(1);
  const summary = await dabba.worker({ signals: false }).drain();
  assertEquals(summary.claimed, 0);
  const probe = broker.calls.find(({ operation }) => operation === "probe");
  assertEquals(probe?.args, [["q1"]]);
});

Deno.test("A contract without its handler can be enqueued, not called", async () => {
  const contract = defineTask("remote", { input: n, output: z.string() });
  await using dabba = new Dabba({ broker: memory(), tasks: { contract } });
  assertEquals((await dabba.tasks.contract.enqueue(1)).task, "remote");
  const error = await assertRejects(() => dabba.tasks.contract(1), DabbaError, "remote");
  assertEquals(error.code, "no_handler");
});

Deno.test("Dabba.close() makes every further call fail, and may be called twice", async () => {
  const dabba = new Dabba({ broker: memory(), tasks: { a } });
  await dabba.tasks.a.enqueue(1);
  await dabba.close();
  await dabba.close();
  const error = await assertRejects(() => dabba.tasks.a.enqueue(1), DabbaError);
  assertInstanceOf(error, Error);
  assertEquals(error.code, "broker");
});
