/** How long a dedupe key holds, whatever became of the message that holds it. */
import { assertEquals } from "@std/assert";
import { Dabba, defineTask, RejectError } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";

const HOUR_MS = 3_600_000;
const input = z.object({ ok: z.boolean() });
const note = defineTask("note", { input, retain: "1m" }, ({ ok }) => {
  if (!ok) throw new RejectError("no");
});
const other = defineTask("other", { input }, () => {});
const dedupe = { key: "user-7", ttl: "24h" };

/** A Dabba, and the hand that moves its store's clock. */
function open() {
  let nowMs = 1_790_000_000_000;
  const broker = sqliteBroker({ path: ":memory:", clock: () => nowMs });
  const dabba = new Dabba({ broker, tasks: { note, other }, log: false });
  return Object.assign(dabba, { pass: (ms: number) => void (nowMs += ms) });
}

Deno.test("EnqueueOptions.dedupe holds for its ttl after a success, past the retention", async () => {
  await using dabba = open();
  const first = await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  await dabba.worker().drain();
  dabba.pass(23 * HOUR_MS);
  const late = await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  assertEquals([late.id, late.disposition], [first.id, "duplicate"]);
  assertEquals((await late.status()).state, "succeeded");
  dabba.pass(HOUR_MS);
  const next = await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  assertEquals(next.disposition, "enqueued");
});

Deno.test("EnqueueOptions.dedupe holds no longer than its message is alive or done", async () => {
  await using dabba = open();
  const dead = await dabba.tasks.note.enqueue({ ok: false }, { dedupe });
  await dabba.worker().drain();
  assertEquals((await dead.status()).state, "dead");
  const next = await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  assertEquals(next.disposition, "enqueued");
  await dabba.cancel(next.id);
  const third = await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  assertEquals(third.disposition, "enqueued");
});

Deno.test("EnqueueOptions.dedupe keeps the keys of two tasks apart", async () => {
  await using dabba = open();
  await dabba.tasks.note.enqueue({ ok: true }, { dedupe });
  const receipt = await dabba.tasks.other.enqueue({ ok: true }, { dedupe });
  assertEquals(receipt.disposition, "enqueued");
});
