/** Opening: where the messages of a queue are. */

import type { Broker } from "../broker/broker.ts";
import { defaultBroker, lazySqlite } from "../default_broker.ts";
import { checkKnown, type Known } from "../known_options.ts";
import { Kv } from "./kv.ts";
import { Post } from "./post.ts";
import { KvUnsupportedError } from "./unsupported.ts";

/** Says how a queue is opened. */
export interface KvOptions {
  /**
   * Where messages are kept, such as `redisBroker()`. It may be shared with a `Dabba`, and is not
   * closed with the queue.
   * @default the path, else Redis if `UPSTASH_REDIS_REST_URL` is set, else the file `dabba.db`
   */
  readonly broker?: Broker;
  /** The largest value, in bytes of its JSON text. @default 262_144 */
  readonly payloadLimit?: number;
  /** Hears what handlers throw. @default writes it to the console, as Deno does */
  readonly onError?: (error: unknown) => void;
}

const KV_OPTIONS: Known<KvOptions> = { broker: true, payloadLimit: true, onError: true };

/**
 * Opens queues as `Deno.openKv()` does, on a file, in memory, or in any broker.
 *
 * ```ts
 * import { openKv } from "@dabba/queue/kv-queue";
 *
 * const db = await openKv(":memory:");
 * const listening = db.listenQueue(async (msg: { channel: string; text: string }) => {
 *   console.log(msg.channel, msg.text); // C123456 Slack message
 *   await db.close();
 * });
 * await db.enqueue({ channel: "C123456", text: "Slack message" }, { delay: 10 });
 * await listening;
 * ```
 *
 * @param path a file, or `":memory:"`; left out for the default broker, or that of the options.
 * @throws {TypeError} for a bad path or option.
 * @throws {KvUnsupportedError} for the address of a remote Deno KV.
 */
export async function openKv(
  path?: string | KvOptions | null,
  options: KvOptions = {},
): Promise<Kv> {
  const given = typeof path === "object" && path !== null ? path : options;
  const file = typeof path === "string" ? checkPath(path) : undefined;
  if (file !== undefined && given.broker !== undefined) {
    throw new TypeError("Cannot open a path and a broker together: give one of them");
  }
  checkKnown(given, KV_OPTIONS, "open a queue");
  const { broker, payloadLimit, onError = complain } = given;
  if (typeof onError !== "function") throw new TypeError("Cannot use onError: expected a function");
  const post = new Post({
    broker: broker ?? (file === undefined ? defaultBroker() : lazySqlite(file)),
    owned: broker === undefined,
    ...(payloadLimit === undefined ? {} : { payloadLimit }),
    onError,
  });
  return await Promise.resolve(new Kv(post));
}

function checkPath(path: string): string {
  if (path === "") throw new TypeError('Cannot open path "": give a file, or ":memory:"');
  if (!/^https?:/i.test(path)) return path;
  throw new KvUnsupportedError(
    "open a remote Deno KV",
    "messages lie in a file or in Redis; give openKv({ broker: redisBroker({ url, token }) })",
  );
}

function complain(error: unknown): void {
  // deno-lint-ignore no-console -- Deno KV does, and nobody else would hear of it
  console.error("Exception in queue handler", error);
}
