/** The broker on Redis: one script a call, over HTTP or TCP. */

import type {
  Broker,
  BrokerStats,
  CheckPage,
  DeadPage,
  Diagnosis,
  ExchangeReply,
  ExchangeRequest,
  MessageRecord,
  MessageRef,
  PushMessage,
  PushReply,
  QueueStats,
} from "../broker.ts";
import { type DeadLetterBounds, resolveDeadLetters } from "../dead_bounds.ts";
import { resolveRetention, type Retention } from "../retention.ts";
import { Checker } from "./check.ts";
import { type Confirmation, confirming } from "./confirm.ts";
import { examineRedis } from "./doctor.ts";
import { Entries } from "./entries.ts";
import { exchangeCall, exchangeReply } from "./exchange_call.ts";
import {
  guardBatch,
  guardCount,
  guardExchange,
  guardMessages,
  guardName,
  safeId,
  wholeMs,
} from "./guards.ts";
import { type Keys, LineIndex, lineName, linesOf, parseLine } from "./keys.ts";
import {
  fromEnvironment,
  type RedisBrokerOptions,
  type RedisBrokerSettings,
  type RedisEnv,
  resolveOptions,
} from "./options.ts";
import { parseStored } from "./record.ts";
import { ReplyReader } from "./reply.ts";
import { Runner } from "./runner.ts";
import { cancelScript } from "./scripts/cancel.ts";
import { deadScript } from "./scripts/dead.ts";
import { discardScript } from "./scripts/discard.ts";
import { exchangeScript } from "./scripts/exchange.ts";
import { linesScript } from "./scripts/lines.ts";
import { probeScript } from "./scripts/probe.ts";
import { pushScript } from "./scripts/push.ts";
import { readScript } from "./scripts/read.ts";
import { redriveScript } from "./scripts/redrive.ts";
import { type LineCount, statsScript } from "./scripts/stats.ts";

/** At 300 messages a second, it brings two to a request. */
const BILLED_LINGER_MS = 5;
/** How many lines one script counts: each costs up to three commands. */
const LINES_AT_ONCE = 500;

/**
 * Keeps messages in Redis: in Upstash over HTTP, in any other over HTTP or TCP.
 *
 * Every call is one request, or one again after an outage; a call that is sent twice counts once.
 * What Redis has acknowledged is as safe as its persistence and replication are: a failover that
 * drops the last writes can bring a message back, or lose one that was just pushed.
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
  readonly #runner: Runner;
  /** Runs pushes: the same one, or one that waits for replicas. */
  readonly #pusher: Runner;
  readonly #checker: Checker;
  readonly #confirmation: Confirmation | undefined;
  readonly #keys: Keys;
  readonly #bounds: { readonly retention: Retention; readonly deadLetters: DeadLetterBounds };

  /**
   * Makes a broker; nothing is sent before its first call.
   *
   * @throws {TypeError} when an option is wrong, or neither given nor in the environment.
   */
  constructor(options: RedisBrokerOptions = {}) {
    const resolved = resolveOptions(fromEnvironment(options));
    const { client, keys, confirmation } = resolved;
    this.#runner = new Runner(resolved);
    this.#confirmation = confirmation;
    this.#pusher = confirmation === undefined
      ? this.#runner
      : new Runner({ ...resolved, client: confirming(client, keys, confirmation) });
    this.lingerMs = client.billed ?? true ? BILLED_LINGER_MS : 0;
    this.#keys = keys;
    this.#checker = new Checker(this.#runner, this.#keys);
    this.namespace = resolved.namespace;
    this.#bounds = {
      retention: resolveRetention(options.retention),
      deadLetters: resolveDeadLetters(options.deadLetters),
    };
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
  async push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    guardMessages(messages);
    if (messages.length === 0) return [];
    const [lines, entries] = [new LineIndex(), new Entries()];
    for (const message of messages) {
      entries.add(pushHead(message, lines), message.id, message.body);
    }
    const args = {
      heads: entries.heads,
      runs: entries.runs,
      messages: entries.values,
      keyed: messages.flatMap(({ dedupe }, index) =>
        dedupe === undefined ? [] : [`${index + 1} ${wholeMs(dedupe.ttlMs)} ${dedupe.key}`]
      ),
    };
    const call = { args, lines: this.#due(lines.lines) };
    const { dispositions, winners } = await this.#pusher.run(pushScript, call, {
      operation: "push",
    });
    let duplicates = 0;
    return messages.map(({ id }, index) =>
      dispositions[index] === "e"
        ? { id, disposition: "enqueued" }
        : { id: winners[duplicates++] ?? id, disposition: "duplicate" }
    );
  }

  /** Settles, renews and claims in one round trip; never sent again by itself. */
  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    guardExchange(request);
    const { args, lines } = exchangeCall(request, this.#bounds);
    const answer = await this.#runner.run(
      exchangeScript,
      { args, lines: this.#due(lines) },
      { operation: "exchange", once: true },
    );
    return exchangeReply(request, answer);
  }

  /** Says when queues may have work; one command, two where the client only runs scripts. */
  async probe(queues: readonly string[]): Promise<number | undefined> {
    for (const queue of queues) guardName("probe", "queue", queue);
    const lines = linesOf(queues);
    if (lines.length === 0) return undefined;
    const operation = { operation: "probe" };
    const hints = await this.#runner.command(
      ["HMGET", this.#keys.msg, ...lines.map((line) => `~${line}`)],
      (reply) => readHints(reply, lines.length),
      operation,
    ) ?? await this.#runner.run(probeScript, { args: { lines } }, operation);
    const known = hints.filter((hint) => hint !== undefined);
    return known.length === 0 ? undefined : Math.floor(Math.min(...known) / 1_000);
  }

  /** Reads messages for display; undefined for those that are unknown. At most 1,000. */
  async read(ids: readonly string[]): Promise<(MessageRecord | undefined)[]> {
    guardBatch("read", ids);
    if (ids.length === 0) return [];
    const call = { args: { ids: ids.map(safeId) } };
    const { nowMs, stored } = await this.#runner.run(readScript, call, { operation: "read" });
    return stored.map((one) => parseStored(one, nowMs));
  }

  /** Stops messages that are not final. At most 1,000. */
  async cancel(
    messages: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("cancelled" | "not_found" | "final")[]> {
    guardBatch("cancel", messages);
    guardName("cancel", "operation", op.id);
    if (messages.length === 0) return [];
    const lines = new LineIndex();
    const entries = messages.map((message) =>
      `${safeId(message.id)} ${lines.of(lineName(message))} ${message.result}`
    );
    const args = { op: op.id, retainMs: wholeMs(op.retainMs), messages: entries };
    const call = { args, lines: this.#due(lines.lines) };
    const letters = await this.#runner.run(cancelScript, call, { operation: "cancel" });
    return Array.from(letters, (letter) => CANCELLED[letter] ?? "not_found");
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
    const call = { args: { op, letters: entries }, lines: this.#due(lines.lines) };
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
    const operation = { operation: "stats" };
    const lines = await this.#runner.run(linesScript, { args: {} }, operation);
    const counts: LineCount[] = [];
    let last = { nowMs: 0, dead: 0, deadBytes: 0 };
    // Once at least: the clock and the dead are asked for even where there is no line.
    for (let from = 0; from === 0 || from < lines.length; from += LINES_AT_ONCE) {
      const call = { args: {}, lines: this.#due(lines.slice(from, from + LINES_AT_ONCE)) };
      const { lines: counted, ...rest } = await this.#runner.run(statsScript, call, operation);
      counts.push(...counted);
      last = rest;
    }
    const { deadLetters } = this.#bounds;
    return { ...last, deadLetters, queues: sumQueues(lines, counts) };
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

  /** Lets no more calls through. A client that was given stays open: it is the caller's. */
  close(): Promise<void> {
    this.#runner.close();
    this.#pusher.close();
    return Promise.resolve();
  }

  /** Names the namespace when the broker is printed; a URL or a token never is. */
  toString(): string {
    return `RedisBroker("${this.namespace}")`;
  }

  #due(lines: readonly string[]): string[] {
    return lines.map((line) => this.#keys.due(line));
  }
}

const CANCELLED: Readonly<Record<string, "cancelled" | "not_found" | "final">> = {
  c: "cancelled",
  f: "final",
  n: "not_found",
};

function pushHead(message: PushMessage, lines: LineIndex): string {
  const { nonce, delayMs, dueAtMs, expiresInMs } = message;
  const when = dueAtMs === undefined ? String(wholeMs(delayMs)) : `@${wholeMs(dueAtMs)}`;
  return `${lines.of(lineName(message))} ${nonce} ${when} ${wholeMs(expiresInMs)}`;
}

function readHints(reply: unknown, count: number): (number | undefined)[] {
  const reader = new ReplyReader(Array.isArray(reply) ? reply.map((hint) => hint ?? "") : reply);
  return Array.from({ length: count }, () => reader.maybe());
}

function sumQueues(lines: readonly string[], counts: readonly LineCount[]): QueueStats[] {
  const queues = new Map<string, QueueStats>();
  counts.forEach(({ ready, total, oldestReadyAtMs }, index) => {
    if (total === 0) return;
    const { queue } = parseLine(lines[index]!);
    const sum = queues.get(queue) ?? { queue, ready: 0, later: 0, oldestReadyAtMs: undefined };
    const oldest = Math.min(sum.oldestReadyAtMs ?? Infinity, oldestReadyAtMs ?? Infinity);
    queues.set(queue, {
      queue,
      ready: sum.ready + ready,
      later: sum.later + total - ready,
      oldestReadyAtMs: oldest === Infinity ? undefined : oldest,
    });
  });
  return [...queues.values()].sort((a, b) => a.queue < b.queue ? -1 : 1);
}
