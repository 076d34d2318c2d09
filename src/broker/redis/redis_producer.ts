/** The Redis broker of a producer: small, since it stands on `fetch` alone and holds few scripts. */

import type { BrokerStats, MessageRecord, MessageRef, PushMessage, PushReply } from "../broker.ts";
import { type DeadLetterBounds, DEFAULT_DEAD_LETTERS } from "../dead_bounds.ts";
import type { ProducerBroker } from "../producer_broker.ts";
import { cancelMessages } from "./cancel_call.ts";
import { fromEnvironment, type RedisBrokerOptions, resolveOptions } from "./options.ts";
import { pushMessages } from "./push_call.ts";
import { readMessages, readOutcomes } from "./read_call.ts";
import { restSender } from "./rest_sender.ts";
import { type Reach, Runner } from "./runner.ts";
import { countStore } from "./stats_call.ts";

/**
 * Configures a producer's way to Redis. How long outcomes are kept is for the workers to say, and who
 * has a client, or wants pushes confirmed by replicas, takes a `RedisBroker`.
 */
export type RedisProducerOptions = Omit<
  RedisBrokerOptions,
  "client" | "retention" | "confirm" | "replicas"
>;

/**
 * Stores messages in Redis over HTTP, for a worker elsewhere.
 *
 * It writes what a `RedisBroker` writes and keeps the same promises; it has no worker's calls.
 */
export class RedisProducer implements ProducerBroker {
  /** Names the broker in texts. */
  readonly kind = "redis";
  /** The namespace that the messages lie in. */
  declare readonly namespace: string;
  readonly #reach: Reach;
  readonly #deadLetters: DeadLetterBounds;

  /**
   * Makes it; nothing is sent before its first call.
   *
   * @throws {TypeError} when an option is wrong, or neither given nor in the environment.
   */
  constructor(options: RedisProducerOptions = {}) {
    const { url = "", token = "", ...found } = fromEnvironment(options);
    const resolved = resolveOptions(found, (timeoutMs) => restSender({ url, token, timeoutMs }));
    this.namespace = resolved.namespace;
    this.#deadLetters = { ...DEFAULT_DEAD_LETTERS, ...options.deadLetters };
    this.#reach = { runner: new Runner(resolved), keys: resolved.keys };
  }

  /** Stores messages, all or none; at most 1,000. */
  push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    return pushMessages(this.#reach, messages);
  }

  /** Reads messages for display, or for their outcome only; undefined for unknown ones. At most 1,000. */
  read(ids: readonly string[], aim?: "outcome"): Promise<(MessageRecord | undefined)[]> {
    return aim === undefined
      ? readMessages(this.#reach.runner, ids)
      : readOutcomes(this.#reach.runner, this.#reach.keys.msg, ids);
  }

  /** Stops messages that are not final. At most 1,000. */
  cancel(
    messages: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("cancelled" | "not_found" | "final")[]> {
    return cancelMessages(this.#reach, messages, op);
  }

  /** Counts what the store holds; it looks at every line, so it is not for a loop. */
  async stats(): Promise<BrokerStats> {
    return { ...await countStore(this.#reach), deadLetters: this.#deadLetters };
  }

  /** Lets no more calls through. */
  close(): Promise<void> {
    this.#reach.runner.close();
    return Promise.resolve();
  }
}

/**
 * Makes a producer's broker on Redis, by URL and token, or from the environment.
 *
 * ```ts
 * import { redisProducer } from "@dabba/queue/producer";
 *
 * const broker = redisProducer({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * console.log(broker.kind); // "redis"
 * ```
 *
 * @throws {TypeError} when an option is wrong, or neither given nor in the environment.
 */
export function redisProducer(options: RedisProducerOptions = {}): RedisProducer {
  return new RedisProducer(options);
}
