import { assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import type { PushMessage } from "../../src/broker/broker.ts";
import { encodeEnvelope, encodePlan, type Plan } from "../../src/message/envelope.ts";
import { Rig } from "./rig.ts";

const n = z.number();
const fine = defineTask("fine", { input: n }, () => "done");
const PLAN: Plan = {
  task: "fine",
  backoff: [1_000],
  timeoutMs: 0,
  retainMs: 0,
  keepMs: 0,
  maxCrashes: 5,
};

/** A message as some other program wrote it. */
function planted(body: string, fields: Partial<PushMessage> = {}): PushMessage {
  const line = { queue: "default", priority: "normal" } as const;
  return { id: "m1", nonce: "-", ...line, delayMs: 0, expiresInMs: 0, body, ...fields };
}

Deno.test("Worker.run() buries a message whose input its schema refuses, at the first delivery", async () => {
  await using rig = new Rig({ fine });
  await rig.broker.push([planted(encodeEnvelope(encodePlan(PLAN), `"no number"`))]);
  const running = rig.run();
  await rig.until("dead");
  assertObjectMatch(await running.stop(), { dead: 1, retried: 0 });
  assertObjectMatch(await rig.dabba.status("m1"), {
    state: "dead",
    task: "fine",
    attempts: 1,
    error: { name: "ValidationError", issues: [{ path: [] }] },
    history: [{ kind: "invalid", attempt: 1 }],
  });
  assertEquals(rig.names("m1"), ["dead"], "its handler never began");
});

const garbage: Record<string, string> = {
  "nothing": "",
  "no JSON": "\u0000\uffff{",
  "a plan alone": encodePlan(PLAN),
  "another version": encodePlan(PLAN).replace(`"v":1`, `"v":2`) + "\n1",
  "a null plan": "null\n1",
  "a task that is no text": encodePlan({ ...PLAN, task: 7 as never }) + "\n1",
  "waits that are no numbers": encodePlan({ ...PLAN, backoff: ["1m"] as never }) + "\n1",
  "a negative wait": encodePlan({ ...PLAN, backoff: [-1] }) + "\n1",
  "a wait of half a millisecond": encodePlan({ ...PLAN, backoff: [0.5] }) + "\n1",
  "a retention of millennia": encodePlan({ ...PLAN, retainMs: 1e300 }) + "\n1",
  "a curve of an unknown kind": encodePlan({ ...PLAN, backoff: { k: "x" } as never }) + "\n1",
  "a curve without numbers": encodePlan({ ...PLAN, backoff: { k: "e" } as never }) + "\n1",
  "a timeout that is no number": encodePlan(PLAN).replace(`"r":`, `"o":"1m","r":`) + "\n1",
  "no retention": encodePlan(PLAN).replace(`"r":0,`, "") + "\n1",
  "a retention that is no number": encodePlan(PLAN).replace(`"r":0`, `"r":"x"`) + "\n1",
  "a count of crashes that is no number": encodePlan(PLAN).replace(`"c":5`, `"c":null`) + "\n1",
};

for (const [what, body] of Object.entries(garbage)) {
  Deno.test(`Worker.run() buries an envelope of ${what}, and goes on`, async () => {
    const fail = defineTask("fine", { input: n }, () => {
      throw new Error("so that the plan is needed");
    });
    await using rig = new Rig({ fail });
    await rig.broker.push([planted(body)]);
    const running = rig.run();
    await rig.until("dead");
    const status = await rig.dabba.status("m1");
    assertObjectMatch(status, { state: "dead", attempts: 0, history: [{ kind: "invalid" }] });
    await rig.broker.push([planted(encodeEnvelope(encodePlan(PLAN), "1"), { id: "m2" })]);
    await rig.until("retried");
    assertObjectMatch(await running.stop(), { claimed: 2, dead: 1, retried: 1 });
  });
}

Deno.test("Worker.run() buries an input that is not JSON", async () => {
  await using rig = new Rig({ fine });
  await rig.broker.push([planted(encodeEnvelope(encodePlan(PLAN), "{"))]);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await rig.dabba.status("m1"), { error: { name: "ValidationError" } });
});

Deno.test("Worker.run() survives an input that is nested 200,000 deep", async () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  const nested: z.ZodType = z.lazy(() => z.array(nested));
  const task = defineTask("fine", { input: nested }, () => "done");
  await using rig = new Rig({ task });
  await rig.broker.push([planted(encodeEnvelope(encodePlan({ ...PLAN, backoff: [] }), deep))]);
  await rig.broker.push([planted(encodeEnvelope(encodePlan(PLAN), "[]"), { id: "m2" })]);
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertEquals((await rig.dabba.status("m1")).state, "dead");
});

Deno.test("Worker.run() leaves a task that it does not know in its queue, for one that does", async () => {
  const other = defineTask("other", { input: n }, () => "known");
  await using rig = new Rig({ other });
  const receipt = await rig.tasks.other.enqueue(1);
  const ignorant = rig.run({ name: "old", unknownTaskDelay: "20s" }, { fine });
  const event = await rig.until("unknownTask");
  assertObjectMatch(event, { id: receipt.id, task: "other", delayMs: 20_000, worker: "old" });
  assertObjectMatch(await receipt.status(), { state: "scheduled", attempts: 0, crashes: 0 });
  assertObjectMatch(await ignorant.stop(), { claimed: 1, handedBack: 1, dead: 0 });
  const knowing = rig.run();
  await rig.until("succeeded");
  await knowing.stop();
  assertEquals(rig.clock.now() >= 20_000, true);
  assertObjectMatch(await receipt.status(), { state: "succeeded", attempts: 1 });
});

Deno.test("Worker.run() does not start what has expired, nor keeps it from being seen", async () => {
  const runs: number[] = [];
  const late = defineTask("late", { input: n }, () => void runs.push(1));
  await using rig = new Rig({ late });
  const receipt = await rig.tasks.late.enqueue(1, { expiresIn: "1m" });
  rig.clock.leap(61_000);
  assertEquals((await receipt.status()).state, "expired");
  const running = rig.run();
  await rig.until("expired");
  assertObjectMatch(await running.stop(), { expired: 1, succeeded: 0 });
  assertEquals(runs, []);
  const status = await receipt.status();
  assertObjectMatch(status, { state: "expired", attempts: 0, error: { name: "ExpiredError" } });
});

Deno.test("Worker.run() tries what was once picked up in time again, however late", async () => {
  const flaky = defineTask("flaky", { input: n, backoff: ["5m"] }, (_, { attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  });
  await using rig = new Rig({ flaky });
  const receipt = await rig.tasks.flaky.enqueue(1, { expiresIn: "1m" });
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertEquals((await receipt.status()).attempts, 2);
});

Deno.test("Worker.run() buries a message as poison once maxCrashes workers have vanished under it", async () => {
  await using rig = new Rig({ fine });
  const receipt = await rig.tasks.fine.enqueue(1, { maxCrashes: 2 });
  const claim = { queues: ["default"], max: 1 };
  const asked = { settle: [], extend: [], trim: 0, sweep: false, leaseMs: 1_000, claim };
  for (const worker of ["gone-1", "gone-2"]) {
    await rig.broker.exchange({ ...asked, channel: worker, seq: 1, worker });
    rig.clock.leap(1_001);
  }
  const running = rig.run();
  const { error } = await rig.until("dead");
  assertObjectMatch(await running.stop(), { dead: 1 });
  assertEquals(error.name, "PoisonError");
  const { state, attempts, crashes, history } = await receipt.status();
  assertEquals([state, attempts, crashes], ["dead", 0, 2]);
  assertEquals(history.map(({ kind, worker }) => [kind, worker]), [["crashed", "gone-2"]]);
});

Deno.test("Worker.run() leaves a task whose handler is elsewhere in its queue", async () => {
  const contract = defineTask("remote", { input: n });
  await using rig = new Rig({ fine, contract });
  const receipt = await rig.tasks.contract.enqueue(1);
  const running = rig.run();
  await rig.until("unknownTask");
  assertObjectMatch(await running.stop(), { handedBack: 1, retried: 0, dead: 0 });
  assertObjectMatch(await receipt.status(), { state: "scheduled", attempts: 0 });
});
