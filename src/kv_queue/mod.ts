/**
 * The successor of Deno KV's queues: `enqueue` and `listenQueue` as they were, on Dabba.
 *
 * ```ts
 * import { openKv } from "@dabba/queue/kv-queue";
 *
 * const db = await openKv(":memory:"); // was: await Deno.openKv()
 * const listening = db.listenQueue(async (msg) => {
 *   console.log(msg); // { to: "ada@example.com" }
 *   await db.close();
 * });
 * await db.enqueue({ to: "ada@example.com" }, {
 *   backoffSchedule: [1000, 5000, 10000, 60000, 300000, 3600000],
 *   keysIfUndelivered: [["failed", "ada@example.com"]],
 * });
 * await listening;
 * ```
 *
 * **What changes in your code.** `import { openKv } from "@dabba/queue/kv-queue"`, and
 * `Deno.openKv(…)` becomes `openKv(…)`; a type `Deno.Kv` becomes `Kv`. Nothing else, for code that uses
 * the queues only. Without an argument messages lie in Redis if `UPSTASH_REDIS_REST_URL` is set, else
 * in the file `dabba.db`; `openKv({ broker })` takes any other store. Messages that still wait in a
 * Deno KV do not come along: let its listener run until they are done.
 *
 * **What is the same.** The return value `{ ok: true, versionstamp }`; any value that can be cloned;
 * `TypeError` for bad options, and for values that cannot; the default schedule of five retries after
 * 0.1, 1, 5, 30 and 60 s; a hundred values at once; `keysIfUndelivered`, read back by `get`; several
 * listeners that share a queue; handlers' errors on the console; delivery at least once.
 *
 * **What is more.** Schedules of up to 1,000 retries, each wait up to ten years, as is `delay` (Deno KV:
 * five, an hour, 30 days), in milliseconds or as text such as `"3d"`. Values of up to 256 KiB as JSON
 * (64 KiB), no bound of 100,000 messages. Named queues, `db.queue("mail")`, each with handlers of its
 * own. Handlers get a second argument with `id`, `attempt` and `signal`. A value without
 * `keysIfUndelivered` is not dropped in the end, but is a dead letter: `db.dabba.inspect.dead()`,
 * `db.dabba.redrive(…)`. SIGINT and SIGTERM let handlers end before they end the process. `drainQueue`
 * works off a queue in a cron tick, where no process stays.
 *
 * **What is not there.** Data: `set`, `sum`, `check`, `watch` and the like throw `KvUnsupportedError`;
 * so a message cannot be enqueued in one transaction with a write. `atomic()` holds enqueues only, and
 * stores them all or none. `get`, `list` and `delete` know undelivered values and nothing else. On Deno
 * Deploy no isolate is started for a message: there, a cron tick drains.
 *
 * **What differs.** A `versionstamp` has 32 digits, is the message's id, and orders what one process
 * enqueued; between processes it goes by their clocks. `get` looks through the dead letters: slow when
 * there are thousands, and only as far as the store keeps them (100,000 and 64 MiB unless told
 * otherwise; the oldest go first). A `Blob` and an object with the key `__proto__` are refused. An empty
 * key in `keysIfUndelivered` is refused, as elsewhere in Deno KV. A second `close()` does nothing.
 *
 * @module
 */

export { AtomicOperation } from "./atomic_operation.ts";
export type { KvEnqueueOptions } from "./enqueue_options.ts";
export type { KvKey, KvKeyPart } from "./key.ts";
export { Kv } from "./kv.ts";
export { type KvCommitResult, KvQueue } from "./kv_queue.ts";
export { type KvOptions, openKv } from "./open_kv.ts";
export type { KvDrainOptions, KvHandler, KvListenOptions } from "./post.ts";
export type { KvEntry, KvEntryMaybe, KvListOptions, KvListSelector } from "./undelivered.ts";
export { KvUnsupportedError } from "./unsupported.ts";
