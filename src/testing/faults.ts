/** Faults on the way between a client and a gateway: drawn from a seed, or at one exact call. */

import { asFetched, cutOff, hangUp } from "./broken_reply.ts";
import type { Handler } from "./breakable_server.ts";
import { OperationNames } from "./operation_name.ts";
import { randomOf } from "./random.ts";

/**
 * Names what may happen to a request:
 * - `reset`: it never arrives, and its connection is reset; `drop-reply`: it is done, then reset;
 * - `duplicate`: it is done twice; the answer is that of the first time;
 * - `late-reply`: it is done, and answered after `lateMs`; `late-run`: its connection is reset, and it
 *   is done all the same, `lateMs` later, when the client has long tried again;
 * - `no-reply`: it is neither done nor answered; `lost-reply`: it is done, and never answered;
 * - `error-before`, `error-after`: 500 with JSON; `html-before`, `html-after`: the 502 page of a
 *   proxy; `throttled-before`, `throttled-after`: 429 with `Retry-After`; `full-before`: a full Redis
 *   refuses it;
 * - `half-body`: it is done, and the answer breaks off; `garbage`: it is done, and the answer is none.
 */
export type Fault =
  | "reset"
  | "drop-reply"
  | "duplicate"
  | "late-reply"
  | "late-run"
  | "no-reply"
  | "lost-reply"
  | "error-before"
  | "error-after"
  | "html-before"
  | "html-after"
  | "throttled-before"
  | "throttled-after"
  | "full-before"
  | "half-body"
  | "garbage";

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

/** Lists the faults. */
export const FAULTS: readonly Fault[] = [
  ...["reset", "drop-reply", "duplicate", "late-reply", "late-run", "no-reply"] as const,
  ...["lost-reply", "error-before", "error-after", "html-before", "html-after"] as const,
  ...["throttled-before", "throttled-after", "full-before", "half-body", "garbage"] as const,
];

/** Says when a fault happens. */
export interface FaultRule {
  /** What happens. */
  readonly fault: Fault;
  /** To which of the calls that fit, 0 to 1. @default 1 */
  readonly probability?: number;
  /** To the n-th call that fits, counted from 1, and to no other. @default any */
  readonly nth?: number;
  /**
   * Which calls fit: scripts of the broker such as `push` or `exchange`, names of commands such as
   * `get`, or `pipeline`. @default all
   */
  readonly on?: string | readonly string[];
}

/** Configures the faults. */
export interface FaultOptions {
  /** What happens; the first rule that fits and is drawn counts. @default none */
  readonly rules?: readonly FaultRule[];
  /** Where all that is drawn follows from. @default 1 */
  readonly seed?: number;
  /** How late `late-reply` and `late-run` are, in milliseconds. @default 6_000 */
  readonly lateMs?: number;
  /** What `Retry-After` says, in seconds. @default 1 */
  readonly retryAfter?: number;
}

/** A handler with faults. */
export interface FaultyHandler {
  /** Answers for a server that can break connections; see `serveBreakable`. */
  readonly handle: (request: Request) => Promise<Response>;
  /** Stands in for the `fetch` of a client: what breaks rejects, and so does what it gives up. */
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** What happens from now on; an empty list heals. */
  rules: readonly FaultRule[];
  /** How often each fault has happened, as `drop-reply exchange`. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many requests have come in. */
  readonly requests: number;
  /** Answers what is still waiting with a reset, has the late ones run, and resolves when they have. */
  settle(): Promise<void>;
}

/**
 * Puts faults in front of a handler, such as a gateway's.
 *
 * ```ts
 * import { withFaults } from "@dabba/queue/testing";
 *
 * const faulty = withFaults(() => new Response("ok"), {
 *   seed: 7,
 *   rules: [{ fault: "html-before", nth: 2 }],
 * });
 * const ask = () => faulty.fetch("http://localhost/ping", { method: "POST" });
 * console.log((await ask()).status, (await ask()).status); // 200 502
 * ```
 *
 * @throws {RangeError} when a rule names no fault, or a probability is not one.
 */
export function withFaults(handler: Handler, options: FaultOptions = {}): FaultyHandler {
  return new Faults(handler, options);
}

/** A request whose body has been read, to be sent as often as is needed. */
interface Sent {
  readonly request: Request;
  readonly body: string | undefined;
}

class Faults implements FaultyHandler {
  readonly counts = new Map<string, number>();
  requests = 0;
  readonly #handler: Handler;
  readonly #lateMs: number;
  readonly #retryAfter: number;
  readonly #names = new OperationNames();
  readonly #random: () => number;
  readonly #waiting = new Set<() => void>();
  readonly #running = new Set<Promise<unknown>>();
  #rules: readonly FaultRule[] = [];
  #seen: number[] = [];

  constructor(handler: Handler, options: FaultOptions) {
    const { rules = [], seed = 1, lateMs = 6_000, retryAfter = 1 } = options;
    this.#handler = handler;
    this.#lateMs = lateMs;
    this.#retryAfter = retryAfter;
    this.#random = randomOf(seed);
    this.rules = rules;
  }

  get rules(): readonly FaultRule[] {
    return this.#rules;
  }

  set rules(rules: readonly FaultRule[]) {
    for (const rule of rules) checkRule(rule);
    this.#rules = rules;
    this.#seen = rules.map(() => 0);
  }

  readonly handle = async (request: Request): Promise<Response> => {
    this.requests++;
    const bare = request.method === "GET" || request.method === "HEAD";
    const sent = { request, body: bare ? undefined : await request.text() };
    const operation = await this.#names.of(new URL(request.url).pathname, sent.body ?? "");
    const fault = this.#draw(operation);
    if (fault === undefined) return await this.#run(sent);
    const key = `${fault} ${operation}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    return await this.#play(fault, sent);
  };

  readonly fetch = async (
    input: Request | URL | string,
    init?: RequestInit,
  ): Promise<Response> => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    return await asFetched(await unlessAborted(this.handle(request), request.signal));
  };

  async settle(): Promise<void> {
    for (const wake of this.#waiting) wake();
    await Promise.allSettled(this.#running);
  }

  #draw(operation: string): Fault | undefined {
    let drawn: Fault | undefined;
    for (const [i, { fault, probability = 1, nth, on = operation }] of this.#rules.entries()) {
      if (!(typeof on === "string" ? on === operation : on.includes(operation))) continue;
      // Counted and drawn whether or not another rule was first: each goes by its own count.
      const count = ++this.#seen[i]!;
      const hit = nth === undefined ? this.#random() < probability : count === nth;
      if (hit) drawn ??= fault;
    }
    return drawn;
  }

  #run({ request, body }: Sent): Promise<Response> {
    const { url, method, headers } = request;
    const run = Promise.resolve(this.#handler(new Request(url, { method, headers, body })));
    const done = run.finally(() => this.#running.delete(done));
    this.#running.add(done);
    return done;
  }

  async #play(fault: Fault, sent: Sent): Promise<Response> {
    switch (fault) {
      case "reset":
        return hangUp();
      case "duplicate": {
        const first = await this.#run(sent);
        await discard(await this.#run(sent));
        return first;
      }
      case "late-run":
        this.#later(sent);
        return hangUp();
      case "no-reply":
        return await this.#never();
      case "error-before":
      case "html-before":
      case "throttled-before":
      case "full-before":
        return this.#refusal(fault);
    }
    const reply = await this.#run(sent);
    if (fault === "late-reply") {
      await this.#wait(this.#lateMs);
      return reply;
    }
    if (fault === "half-body") {
      const text = await reply.text();
      return cutOff(new Response(text, reply), Math.floor(text.length / 2));
    }
    await discard(reply);
    switch (fault) {
      case "drop-reply":
        return hangUp();
      case "lost-reply":
        return await this.#never();
      case "garbage":
        return new Response('{"result":[[[\u0000', reply);
      default:
        return this.#refusal(fault);
    }
  }

  #refusal(fault: Fault): Response {
    if (fault.startsWith("error")) {
      return Response.json({ error: "ERR internal error" }, { status: 500 });
    }
    if (fault.startsWith("html")) {
      const headers = { "content-type": "text/html" };
      return new Response("<html><h1>502 Bad Gateway</h1></html>", { status: 502, headers });
    }
    if (fault.startsWith("full")) return Response.json({ error: OOM }, { status: 400 });
    const headers = { "retry-after": String(this.#retryAfter) };
    return Response.json({ error: "ERR too many requests" }, { status: 429, headers });
  }

  #later(sent: Sent): void {
    const run = this.#wait(this.#lateMs).then(() => this.#run(sent));
    // Nobody waits for its answer.
    const done = run.then(discard).catch(() => {}).finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #never(): Promise<Response> {
    await this.#wait(undefined);
    return hangUp();
  }

  #wait(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }
}

/** Lets go of a reply that nobody will read: what it came by may be a connection. */
async function discard(reply: Response): Promise<void> {
  await reply.body?.cancel();
}

/** Gives the reply, unless its client gives up before: it rejects with the client's reason then. */
function unlessAborted(reply: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      reply.then(discard).catch(() => {});
    };
    signal.addEventListener("abort", abort, { once: true });
    reply.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function checkRule({ fault, probability = 1, nth = 1 }: FaultRule): void {
  if (!FAULTS.includes(fault)) {
    throw new RangeError(`Cannot play fault "${fault}": it is none of ${FAULTS.join(", ")}`);
  }
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`Cannot play "${fault}": probability ${probability} is not from 0 to 1`);
  }
  if (!Number.isInteger(nth) || nth < 1) {
    throw new RangeError(`Cannot play "${fault}": nth ${nth} is not a whole number from 1`);
  }
}
