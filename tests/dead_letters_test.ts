import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { type DeadLetterChoice, defineTask, RejectError } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./worker/rig.ts";

const n = z.number();

/** A rig with dead letters of two tasks; a message dies once, and succeeds when it is redriven. */
async function graveyard(mails: number, reports: number) {
  const redriven = new Set<string>();
  const run = (input: number, { id }: { id: string }) => {
    if (!redriven.has(id)) throw new RejectError(`no ${input}`);
  };
  const mail = defineTask("mail", { input: n }, run);
  const report = defineTask("report", { input: n, queue: "reports" }, run);
  const rig = new Rig({ mail, report });
  for (let i = 0; i < mails; i++) {
    await rig.tasks.mail.enqueue(i, { id: `mail${i}` });
    rig.clock.leap(1);
  }
  for (let i = 0; i < reports; i++) await rig.tasks.report.enqueue(i, { id: `report${i}` });
  await rig.clock.until(rig.worker({ concurrency: 1, queues: ["default", "reports"] }).drain());
  return Object.assign(rig, { redriven });
}

Deno.test("Inspect.dead() lists dead letters, newest first, with error and history", async () => {
  await using rig = await graveyard(3, 0);
  const { letters, next, total } = await rig.dabba.inspect.dead();
  assertEquals(letters.map(({ id }) => id), ["mail2", "mail1", "mail0"]);
  assertEquals([next, total], [undefined, 3]);
  assertObjectMatch(letters[0]!, {
    state: "dead",
    task: "mail",
    attempts: 1,
    error: { name: "RejectError", message: "no 2" },
    history: [{ kind: "rejected", attempt: 1 }],
  });
});

Deno.test("Inspect.dead() goes on where the page before ended, and leaves none out", async () => {
  await using rig = await graveyard(25, 0);
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await rig.dabba.inspect.dead({ limit: 10, ...(after ? { after } : {}) });
    assert(page.letters.length <= 10);
    seen.push(...page.letters.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  assertEquals(seen, Array.from({ length: 25 }, (_, i) => `mail${24 - i}`));
});

Deno.test("Inspect.dead() lists those of one task alone", async () => {
  await using rig = await graveyard(2, 3);
  const { letters, total } = await rig.dabba.inspect.dead({ task: "mail" });
  assertEquals([letters.map(({ task }) => task), total], [["mail", "mail"], 5]);
  assertEquals((await rig.dabba.inspect.dead({ task: "unknown" })).letters, []);
});

for (const limit of [0, -1, 1.5, NaN, 1_001]) {
  Deno.test(`Inspect.dead() refuses pages of ${limit}`, async () => {
    await using rig = new Rig({ mail: defineTask("mail", { input: n }, () => {}) });
    await assertRejects(() => rig.dabba.inspect.dead({ limit }), RangeError, "limit");
    assertEquals(rig.broker.calls.length, 0);
  });
}

const choices: [string, DeadLetterChoice, string[]][] = [
  ["one by its id", { id: "mail1" }, ["mail1"]],
  ["several by their ids, each once", { ids: ["mail0", "report0", "mail0"] }, ["mail0", "report0"]],
  ["those of a task", { task: "mail" }, ["mail0", "mail1"]],
  ["all", { all: true }, ["mail0", "mail1", "report0"]],
  ["none that is unknown", { ids: ["unknown", "other"] }, []],
  ["none of an empty list", { ids: [] }, []],
];

for (const [what, choice, ids] of choices) {
  Deno.test(`Dabba.redrive() sends round again ${what}`, async () => {
    await using rig = await graveyard(2, 1);
    ids.forEach((id) => rig.redriven.add(id));
    assertEquals(await rig.dabba.redrive(choice), ids.length);
    const queues = ["default", "reports"];
    const summary = await rig.clock.until(rig.worker({ queues }).drain());
    assertObjectMatch(summary, { claimed: ids.length, succeeded: ids.length });
    for (const id of ids) {
      assertObjectMatch(await rig.dabba.status(id), { state: "succeeded", attempts: 1 });
    }
    assertEquals((await rig.dabba.inspect.dead()).total, 3 - ids.length);
  });

  Deno.test(`Dabba.discard() throws away ${what}`, async () => {
    await using rig = await graveyard(2, 1);
    assertEquals(await rig.dabba.discard(choice), ids.length);
    assertEquals((await rig.dabba.inspect.dead()).total, 3 - ids.length);
    for (const id of ids) {
      assertObjectMatch(await rig.dabba.status(id), {
        state: "cancelled",
        error: { name: "RejectError" },
      });
    }
  });
}

const vague: unknown[] = [
  ...[{}, { taskName: "mail" }, { task: undefined }, { id: undefined }, { ids: undefined }],
  ...[{ all: false }, { all: undefined }, { all: "true" }, { ids: "mail0" }, { ids: ["mail0", 7] }],
  ...[{ id: "mail0", all: true }, { task: "mail", id: "mail0" }, null, undefined, "all"],
];

for (const choice of vague) {
  Deno.test(`Dabba.redrive() and discard() refuse the choice ${Deno.inspect(choice)}`, async () => {
    await using rig = await graveyard(1, 1);
    const calls = rig.broker.calls.length;
    await assertRejects(() => rig.dabba.discard(choice as never), TypeError, "Cannot choose");
    await assertRejects(() => rig.dabba.redrive(choice as never), TypeError, "Cannot choose");
    assertEquals([rig.broker.calls.length, (await rig.dabba.inspect.dead()).total], [calls, 2]);
  });
}

Deno.test("Dabba.redrive() goes through more dead letters than one page holds, each once", async () => {
  await using rig = await graveyard(0, 1_200);
  assertEquals(await rig.dabba.redrive({ task: "report" }), 1_200);
  const queues = ["reports"];
  const summary = await rig.clock.until(rig.worker({ concurrency: 100, queues }).drain());
  // They die again, meanwhile or later: no round goes on for ever.
  assertObjectMatch(summary, { claimed: 1_200, dead: 1_200 });
  assertEquals((await rig.dabba.inspect.dead({ limit: 1 })).total, 1_200);
});

Deno.test("Dabba.redrive() gives a message its attempts back, and keeps its history", async () => {
  const flaky = defineTask("flaky", { input: n, backoff: ["1s"] }, () => {
    throw new Error("still no");
  });
  await using rig = new Rig({ flaky });
  const receipt = await rig.tasks.flaky.enqueue(1);
  for (const round of [1, 2]) {
    const running = rig.run();
    await rig.until("dead", round);
    await running.stop();
    if (round === 1) assertEquals(await rig.dabba.redrive({ id: receipt.id }), 1);
  }
  const { attempts, history } = await receipt.status();
  assertEquals([attempts, history.map(({ attempt }) => attempt)], [2, [1, 2, 1, 2]]);
});

Deno.test("Dabba.cancel() stops what waits, and only once", async () => {
  await using rig = new Rig({ mail: defineTask("mail", { input: n }, () => {}) });
  const waiting = await rig.tasks.mail.enqueue(1);
  const delayed = await rig.tasks.mail.enqueue(1, { delay: "1h" });
  for (const { id } of [waiting, delayed]) {
    assertEquals([await rig.dabba.cancel(id), await rig.dabba.cancel(id)], [true, false]);
    assertObjectMatch(await rig.dabba.status(id), {
      state: "cancelled",
      task: "mail",
      attempts: 0,
      error: { name: "CancelledError" },
    });
  }
  assertEquals(await rig.dabba.cancel("unknown"), false);
  assertObjectMatch(await rig.clock.until(rig.worker().drain()), { claimed: 0 });
});

Deno.test("Dabba.cancel() leaves what is final as it is", async () => {
  await using rig = await graveyard(1, 0);
  const done = await rig.tasks.mail.enqueue(1, { id: "ok" });
  rig.redriven.add("ok");
  await rig.clock.until(rig.worker().drain());
  assertEquals([await rig.dabba.cancel(done.id), await rig.dabba.cancel("mail0")], [false, false]);
  assertEquals([(await done.status()).state, (await rig.dabba.status("mail0")).state], [
    ...["succeeded", "dead"],
  ]);
});
