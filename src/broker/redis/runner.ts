/** Runs scripts: by hash, in full where Redis does not know them, again where that is safe. */

import { BrokerError, DabbaError, LayoutMismatchError } from "../../errors.ts";
import { inTime, type RedisClient } from "./client.ts";
import { asBrokerError, isFull, isNoScript } from "./errors.ts";
import { type Keys, LAYOUT } from "./keys.ts";
import { ReplyReader, ReplyShapeError } from "./reply.ts";
import { encodeCommon, type Script, type ScriptCall } from "./script.ts";

/** How the broker's calls reach Redis. */
export interface RunnerOptions {
  readonly client: RedisClient;
  readonly keys: Keys;
  readonly namespace: string;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How often a call that failed is made again. */
  readonly retries: number;
  /** How long a call may take with all that it sends, in milliseconds. */
  readonly deadlineMs: number;
  readonly keyLocking: boolean;
  /** The caller's clock; the server's if left out. */
  readonly clock?: () => number;
}

/** Names the call for its errors, and says whether it may be made again here. */
export interface Operation {
  readonly operation: string;
  /** A worker sends an exchange or a probe again itself, to know how long that goes on. */
  readonly once?: boolean;
}

/** Is a script as it is sent, with its hash. */
interface Source {
  readonly text: string;
  readonly sha: string;
}

/** Is what a call needs: who runs its script, and the names of its keys. */
export interface Reach {
  readonly runner: Runner;
  readonly keys: Keys;
}

type NamedSource = Pick<Script<never, unknown>, "name" | "source">;

/** The line that lets Upstash lock the declared keys only, instead of the database. */
const KEY_LOCKING = "#!lua flags=allow-key-locking\n";
const BACKOFF_MS = { first: 100, most: 2_000 };

/** Runs the scripts of one broker. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #sources = new Map<string, Promise<Source>>();
  // One that reads may have found no layout yet: only one that writes notes it.
  readonly #layoutSeen = { reading: false, writing: false };
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** What scripts are sent with. */
  get client(): RedisClient {
    return this.#options.client;
  }

  /** Lets no more calls through. */
  close(): void {
    this.#closed = true;
  }

  /** Runs a script, and reads its reply. */
  run<Args, Result>(
    script: Script<Args, Result>,
    call: ScriptCall<Args>,
    operation: Operation,
  ): Promise<Result> {
    return this.persist(operation, () => this.#roomy(script, call, operation));
  }

  /** Makes a call again while that may help, at random moments so that many do not meet. */
  async persist<T>({ operation, once }: Operation, call: () => Promise<T>): Promise<T> {
    const retries = once ? 0 : this.#options.retries;
    const endAt = performance.now() + this.#options.deadlineMs;
    for (let failures = 0;; failures++) {
      if (this.#closed) {
        throw new BrokerError(operation, "the broker is closed", { retryable: false });
      }
      try {
        return await inTime(call(), endAt - performance.now());
      } catch (thrown) {
        const error = asBrokerError(operation, thrown);
        const wait = leastMs(error) + Math.random() * mostMs(failures);
        // One of Dabba's own has been thought about: it is not for another try.
        const own = thrown instanceof DabbaError;
        const again = !own && mayPass(error) && performance.now() + wait < endAt;
        if (!again || failures >= retries) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** A full Redis refuses what begins with an allocation; what makes room may begin otherwise. */
  async #roomy<Args, Result>(
    script: Script<Args, Result>,
    call: ScriptCall<Args>,
    { operation }: Operation,
  ): Promise<Result> {
    try {
      return await this.#once(script, call, false);
    } catch (thrown) {
      const error = asBrokerError(operation, thrown);
      if (script.access !== "release" || !isFull(error)) throw thrown;
      // It was refused before it had written anything, so it is the same request still.
      return await this.#once(script, call, true);
    }
  }

  async #once<Args, Result>(
    script: Script<Args, Result>,
    { args, lines = [] }: ScriptCall<Args>,
    full: boolean,
  ): Promise<Result> {
    const { keys, namespace, clock } = this.#options;
    const access = script.access === "read" ? "reading" : "writing";
    const layout = this.#layoutSeen[access] ? "" : LAYOUT;
    const common = { clock: clock ? String(Math.floor(clock())) : "", layout, full };
    const reply = new ReplyReader(
      await this.#evaluate(script, [...script.keys.map((key) => keys[key]), ...lines], [
        ...encodeCommon(common),
        ...script.encode(args),
      ]),
    );
    const name = reply.marked();
    if (name === "layout") {
      throw new LayoutMismatchError(reply.marked(), LAYOUT, `namespace "${namespace}" of Redis`);
    }
    if (name !== script.name) throw new ReplyShapeError("the reply is one to another request");
    this.#layoutSeen.reading = true;
    this.#layoutSeen[access] = true;
    return script.decode(reply, args);
  }

  async #evaluate(
    script: NamedSource,
    keys: string[],
    args: string[],
  ): Promise<unknown> {
    const { client } = this.#options;
    const { text, sha } = await this.#source(script);
    try {
      return await client.evalsha(sha, keys, args);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return await client.eval(text, keys, args);
    }
  }

  #source(script: NamedSource): Promise<Source> {
    const known = this.#sources.get(script.name);
    if (known !== undefined) return known;
    const text = this.#options.keyLocking ? KEY_LOCKING + script.source : script.source;
    const source = sha1(text).then((sha) => ({ text, sha }));
    this.#sources.set(script.name, source);
    return source;
  }
}

function mayPass(error: DabbaError): boolean {
  return error instanceof BrokerError && error.retryable && !error.full;
}

function leastMs(error: DabbaError): number {
  return error instanceof BrokerError ? error.retryAfterMs : 0;
}

function mostMs(failures: number): number {
  return Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** failures);
}

/** Gives the SHA-1 of a text as Redis writes it. */
export async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
