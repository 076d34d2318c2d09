/** How do I move from Deno KV's queues? `deno run -A examples/kv_queue.ts` */
// deno-lint-ignore-file no-console -- a program that talks to whoever runs it

// Was: const kv = await Deno.openKv("queue.db");
import { openKv } from "@dabba/queue/kv-queue";
const kv = await openKv(Deno.args[0] ?? "queue.db");

interface Notification {
  forUser: string;
  sentAt: Date;
}

const done = Promise.withResolvers<void>();
let attempts = 0;
kv.listenQueue((message: Notification) => {
  if (++attempts < 3) throw new Error(`no route to ${message.forUser}`);
  console.log(`${message.forUser}, of ${message.sentAt.getFullYear()}, at attempt ${attempts}`);
  done.resolve();
});
await kv.enqueue({ forUser: "alovelace", sentAt: new Date("1843-10-01") }, {
  backoffSchedule: [10, 20, 60_000, 3_600_000, 86_400_000, 604_800_000],
  keysIfUndelivered: [["failed", "alovelace"]],
});
await done.promise;

// New: queues of other names, with handlers of their own, and the dead letters behind the keys.
const mail = kv.queue("mail");
await mail.enqueue("to nobody", { backoffSchedule: [], keysIfUndelivered: [["failed", "mail"]] });
await mail.drainQueue(() => {
  throw new Error("no such address");
});
const { value, versionstamp } = await kv.get(["failed", "mail"]);
const { error } = await kv.dabba.status(versionstamp!);
console.log(`Undelivered: ${value}, since ${error?.message}`);
await kv.delete(["failed", "mail"]);
await kv.close();
