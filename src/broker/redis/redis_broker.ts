/** The broker on Redis: one script a call, over HTTP or TCP. */

import {
  type Broker,
  type BrokerStats,
  type CheckPage,
  type DeadPage,
  type Diagnosis,
  type ExchangeReply,
  type ExchangeRequest,
  EXCHANGING,
  type MessageRecord,
  type MessageRef,
  type PushMessage,
  type PushReply,
} from "../broker.ts";
import { checkKnown, type Known } from "../../known_options.ts";
import { type Bounds, resolveBounds } from "../bounds.ts";
import { guardBatch, guardCount, guardExchange } from "../guards.ts";
import type { Watch } from "../wake.ts";
import { cancelMessages } from "./cancel_call.ts";
import { Checker } from "./check.ts";
import { runCommand } from "./command.ts";
import type { BrokerCosts } from "../costs.ts";
import { type Confirmation, confirmingRunner, resolveConfirmation } from "./confirm.ts";
import { redisCosts } from "./costs.ts";
import { examineRedis, uptimeOf } from "./doctor.ts";
import { exchangeCall, exchangeReply } from "./exchange_call.ts";
import { resolveClient } from "./given_client.ts";
import { guardName, guardNames, safeId, wholeMs } from "./guards.ts";
import { type Keys, LineIndex, lineName, linesOf } from "./keys.ts";
import {
  fromEnvironment,
  type RedisBrokerOptions,
  type RedisBrokerSettings,
  type RedisEnv,
  resolveOptions,
} from "./options.ts";
import { pushMessages } from "./push_call.ts";
import { readMessages, readOutcomes } from "./read_call.ts";
import { parseStored } from "./record.ts";
import { ReplyReader } from "./reply.ts";
import { type Reach, Runner } from "./runner.ts";
import { listenFor } from "./wake.ts";
import { deadScript } from "./scripts/dead.ts";
import { discardScript } from "./scripts/discard.ts";
import { exchangeScript } from "./scripts/exchange.ts";
import { probeScript } from "./scripts/probe.ts";
import { redriveScript } from "./scripts/redrive.ts";
import { countStore } from "./stats_call.ts";

const OPTIONS: Known<RedisBrokerOptions> = {
  url: true,
  token: true,
  client: true,
  namespace: true,
  timeout: true,
  deadline: true,
  retries: true,
  keyLocking: true,
  confirm: true,
  replicas: true,
  retention: true,
  deadLetters: true,
  clock: true,
};

/** At 300 messages a second, it brings two to a request. */
const BILLED_LINGER_MS = 5;

/**
 * Keeps messages in Redis: in Upstash over HTTP, in any other over HTTP or TCP.
 *
 * Every call is one request, or one again after an outage; a call that is sent twice counts once.
 * What Redis has acknowledged is as safe as its persistence and replication are: a failover that
 * drops the last writes can bring a message back, or lose one that was just pushed.
 *
 * ```ts
 * import { RedisBroker } from "@dabba/queue/redis";
 *
 * // On Deno, Node and Bun `RedisBroker.fromEnv()` reads these by itself; a Worker gets them as `env`.
 * const env = { UPSTASH_REDIS_REST_URL: "https://a.example", UPSTASH_REDIS_REST_TOKEN: "secret" };
 * const broker = RedisBroker.fromEnv(env);
 * console.log(broker.kind); // "redis"
 * ```
 */
export class RedisBroker implements Broker {
  /** Names the broker in texts. */
  readonly kind = "redis";
  /** Where its messages lie. */
  readonly namespace: string;
  /** How long an idle worker waits between two looks, in milliseconds. */
  readonly polling: { readonly minMs: number; readonly maxMs: number } = {
    minMs: 250,
    maxMs: 5_000,
  };
  /** How long an outcome may wait for others: 5 ms where commands are paid for, as at Upstash. */
  readonly lingerMs: number;
  /** Whether claims may overlap: where commands are not paid for. */
  readonly overlaps: boolean;
  /** Calls a worker when there is work, over a subscription; left out where the client has none. */
  readonly wake?: (watch: Watch) => Promise<void>;
  readonly #runner: Runner;
  readonly #pushing: Reach;
  readonly #checker: Checker;
  readonly #confirmation: Confirmation | undefined;
  readonly #keys: Keys;
  readonly #costs: BrokerCosts;
  readonly #bounds: Bounds;

  /**
   * Makes a broker; nothing is sent before its first call.
   *
   * @throws {TypeError} when an option is wrong, or neither given nor in the environment.
   */
  constructor(options: RedisBrokerOptions = {}) {
    checkKnown(options, OPTIONS, "use this Redis");
    const found = fromEnvironment(options);
    const resolved = resolveOptions(found, (timeoutMs) => resolveClient(found, timeoutMs));
    const { client, keys } = resolved;
    const confirmation = resolveConfirmation(options, resolved);
    this.#runner = new Runner(resolved);
    this.#confirmation = confirmation;
    const pusher = confirmation ? confirmingRunner(resolved, confirmation) : this.#runner;
    this.#pushing = { runner: pusher, keys };
    const billed = client.billed ?? true;
    this.lingerMs = billed ? BILLED_LINGER_MS : 0;
    this.overlaps = !billed;
    this.#keys = keys;
    const { keyLocking } = resolved;
    this.#costs = redisCosts({ keyLocking, probes: client.command !== undefined });
    const listen = client.listen?.bind(client);
    if (listen) this.wake = (watch) => listenFor(listen, keys.msg, watch);
    this.#checker = new Checker(this.#runner, this.#keys);
    this.namespace = resolved.namespace;
    this.#bounds = resolveBounds(options);
  }

  /**
   * Makes a broker from UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.
   *
   * KV_REST_API_URL and KV_REST_API_TOKEN will do, too. Where a runtime hands over its variables, as
   * Cloudflare does, give them as `env`; else they are read from the process.
   *
   * @throws {TypeError} when a variable is missing or wrong.
   */
  static fromEnv(env?: RedisEnv, options: RedisBrokerSettings = {}): RedisBroker {
    return new RedisBroker(fromEnvironment(options, env));
  }

  /** Stores messages, all or none; at most 1,000. */
  push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    return pushMessages(this.#pushing, messages);
  }

  /** Settles, renews and claims in one round trip; never sent again by itself. */
  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    guardExchange(request);
    guardNames(request);
    const { args, lines } = exchangeCall(request, this.#bounds);
    const answer = await this.#runner.run(
      exchangeScript,
      { args, lines: this.#keys.dues(lines) },
      { operation: EXCHANGING, once: true },
    );
    return exchangeReply(request, answer);
  }

  /** Says when queues may have work; one command, two where the client only runs scripts. */
  async probe(queues: readonly string[]): Promise<number | undefined> {
    for (const queue of queues) guardName("look for messages", "queue", queue);
    const lines = linesOf(queues);
    if (lines.length === 0) return undefined;
    // As an exchange, it is sent again by the worker, which leaves a store in trouble longer alone.
    const operation = { operation: "look for messages", once: true };
    const command = ["HMGET", this.#keys.msg, ...lines.map((line) => `~${line}`)] as const;
    const read = (reply: unknown) => readHints(reply, lines.length);
    const hints = await runCommand(this.#runner, command, { ...operation, read }) ??
      await this.#runner.run(probeScript, { args: { lines } }, operation);
    const known = hints.filter((hint) => hint !== undefined);
    return known.length === 0 ? undefined : Math.floor(Math.min(...known) / 1_000);
  }

  /** Reads messages for display, or for their outcome only; undefined for unknown ones. At most 1,000. */
  read(ids: readonly string[], aim?: "outcome"): Promise<(MessageRecord | undefined)[]> {
    return aim === undefined
      ? readMessages(this.#runner, ids)
      : readOutcomes(this.#runner, this.#keys.msg, ids);
  }

  /** Stops messages that are not final. At most 1,000. */
  cancel(
    messages: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("cancelled" | "not_found" | "final")[]> {
    return cancelMessages({ runner: this.#runner, keys: this.#keys }, messages, op);
  }

  /** Lists dead letters, newest first; `after` is a page's `next`. */
  async dead(page: { readonly limit: number; readonly after?: string }): Promise<DeadPage> {
    const { limit, after = "" } = page;
    guardCount("list dead letters", "limit", limit, 1);
    if (!/^\d{0,16}$/.test(after)) {
      throw new TypeError(`Cannot read "after": it must be the "next" of a page`);
    }
    const found = await this.#runner.run(deadScript, { args: { limit, after } }, {
      operation: "list dead letters",
    });
    return {
      letters: found.letters.map((letter) => parseStored(letter, 0)).filter((one) =>
        one !== undefined
      ),
      next: found.next === "" ? undefined : found.next,
      total: found.total,
    };
  }

  /** Sends dead letters round again, with fresh budgets. At most 1,000. */
  async redrive(letters: readonly MessageRef[], op: string): Promise<("redriven" | "not_dead")[]> {
    guardBatch("redrive", letters);
    guardName("redrive", "operation", op);
    if (letters.length === 0) return [];
    const lines = new LineIndex();
    const entries = letters.map((ref) => `${safeId(ref.id)} ${lines.of(lineName(ref))}`);
    const call = { args: { op, letters: entries }, lines: this.#keys.dues(lines.lines) };
    const answers = await this.#runner.run(redriveScript, call, { operation: "redrive" });
    return Array.from(answers, (letter) => letter === "r" ? "redriven" : "not_dead");
  }

  /** Throws dead letters away; each reads as cancelled while its outcome is kept. At most 1,000. */
  async discard(
    letters: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("discarded" | "not_dead")[]> {
    guardBatch("discard", letters);
    guardName("discard", "operation", op.id);
    if (letters.length === 0) return [];
    const entries = letters.map((letter) =>
      `${safeId(letter.id)} ${lineName(letter)} ${letter.result}`
    );
    const args = { op: op.id, retainMs: wholeMs(op.retainMs), letters: entries };
    const answers = await this.#runner.run(discardScript, { args }, { operation: "discard" });
    return Array.from(answers, (letter) => letter === "d" ? "discarded" : "not_dead");
  }

  /** Counts what the store holds; it looks at every line, so it is not for a loop. */
  async stats(): Promise<BrokerStats> {
    const { deadLetters } = this.#bounds;
    return { ...await countStore({ runner: this.#runner, keys: this.#keys }), deadLetters };
  }

  /**
   * Looks at some hundred messages, or entries of an index; two scripts at most. Each is looked at,
   * and mended, in one step, so that what is found is true when it is found.
   *
   * @throws {TypeError} when `after` is not the `next` of a page.
   */
  check(page: { readonly repair: boolean; readonly after?: string }): Promise<CheckPage> {
    return this.#checker.check(page);
  }

  /** Says what could cost messages in this Redis, from what it tells of itself: one command. */
  doctor(): Promise<Diagnosis[]> {
    return examineRedis(this.#runner, this.#confirmation);
  }

  /** Counts the commands of its calls, as Upstash bills them. */
  costs(): BrokerCosts {
    return this.#costs;
  }

  /** Says how long Redis has been up: one command; undefined where it may not, or does not, tell. */
  uptimeMs(): Promise<number | undefined> {
    return uptimeOf(this.#runner);
  }

  /** Lets no more calls through. A client that was given stays open: it is the caller's. */
  close(): Promise<void> {
    this.#runner.close();
    this.#pushing.runner.close();
    return Promise.resolve();
  }

  /** Names the namespace when the broker is printed; a URL or a token never is. */
  toString(): string {
    return `RedisBroker("${this.namespace}")`;
  }
}

function readHints(reply: unknown, count: number): (number | undefined)[] {
  const reader = new ReplyReader(Array.isArray(reply) ? reply.map((hint) => hint ?? "") : reply);
  return Array.from({ length: count }, () => reader.maybe());
}
