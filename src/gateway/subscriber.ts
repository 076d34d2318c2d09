import type { Buffer } from "node:buffer";
import { Redis } from "ioredis";
import { isReplyError } from "./connection_error.ts";

/** A channel, or a pattern of channels. */
export interface Topic {
  readonly kind: "subscribe" | "psubscribe";
  readonly name: string;
}

/** What Redis has published. */
export interface Message {
  readonly channel: Buffer;
  readonly payload: Buffer;
}

/** Hears of its topics. */
export interface Listener {
  /** Messages come from now on; again after the connection was lost, when some may be missing. */
  subscribed(topic: Topic): void;
  message(topic: Topic, message: Message): void;
  /** Redis refuses the topic. */
  refused(error: Error): void;
}

interface Subscription {
  readonly topic: Topic;
  readonly listeners: Set<Listener>;
  isLive: boolean;
}

const MAX_PAUSE_MS = 1_000;

/**
 * The one connection for whatever clients subscribe to, however many they are: a topic is subscribed
 * to with its first listener and dropped with its last, and so is the connection.
 */
export class Subscriber {
  readonly #url: string;
  readonly #subscriptions: Map<string, Subscription> = new Map();
  #redis: Redis | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Begins to listen. */
  add(topic: Topic, listener: Listener): void {
    const key = keyOf(topic);
    const there = this.#subscriptions.get(key);
    if (there !== undefined) {
      there.listeners.add(listener);
      if (there.isLive) listener.subscribed(topic);
      return;
    }
    const subscription = { topic, listeners: new Set([listener]), isLive: false };
    this.#subscriptions.set(key, subscription);
    const redis = this.#redis ??= this.#connect();
    if (redis.status === "ready") this.#subscribe(redis, subscription);
  }

  /** Listens no longer. */
  remove(topic: Topic, listener: Listener): void {
    const key = keyOf(topic);
    const subscription = this.#subscriptions.get(key);
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return;
    this.#subscriptions.delete(key);
    const redis = this.#redis;
    if (this.#subscriptions.size === 0) {
      this.#redis = undefined;
      redis?.disconnect();
    } else if (redis?.status === "ready") {
      // A connection that breaks now has unsubscribed, too.
      unsubscribe(redis, topic).catch(() => {});
    }
  }

  #connect(): Redis {
    const redis = new Redis(this.#url, {
      lazyConnect: true,
      disconnectTimeout: 1,
      // Clients still listen: there is nobody else who would connect anew.
      retryStrategy: (attempt) => Math.min(20 * attempt, MAX_PAUSE_MS),
      autoResubscribe: false,
      enableOfflineQueue: false,
    });
    // Whoever waits for a subscription has a deadline of its own.
    redis.on("error", () => {});
    redis.on("ready", () => {
      for (const subscription of this.#subscriptions.values()) this.#subscribe(redis, subscription);
    });
    redis.on("close", () => {
      if (redis !== this.#redis) return;
      for (const subscription of this.#subscriptions.values()) subscription.isLive = false;
    });
    redis.on("messageBuffer", (channel: Buffer, payload: Buffer) => {
      this.#pass({ kind: "subscribe", name: channel.toString() }, { channel, payload });
    });
    redis.on("pmessageBuffer", (pattern: string, channel: Buffer, payload: Buffer) => {
      this.#pass({ kind: "psubscribe", name: String(pattern) }, { channel, payload });
    });
    redis.connect().catch(() => {});
    return redis;
  }

  async #subscribe(redis: Redis, subscription: Subscription): Promise<void> {
    const { topic, listeners } = subscription;
    try {
      await (topic.kind === "subscribe"
        ? redis.subscribe(topic.name)
        : redis.psubscribe(topic.name));
    } catch (error) {
      // A connection that broke is made anew, and then this is tried again.
      if (!isReplyError(error)) return;
      for (const listener of [...listeners]) listener.refused(error);
      return;
    }
    if (this.#subscriptions.get(keyOf(topic)) !== subscription) return;
    subscription.isLive = true;
    for (const listener of [...listeners]) listener.subscribed(topic);
  }

  #pass(topic: Topic, message: Message): void {
    const subscription = this.#subscriptions.get(keyOf(topic));
    if (!subscription?.isLive) return;
    for (const listener of [...subscription.listeners]) {
      listener.message(subscription.topic, message);
    }
  }
}

function unsubscribe(redis: Redis, { kind, name }: Topic): Promise<unknown> {
  return kind === "subscribe" ? redis.unsubscribe(name) : redis.punsubscribe(name);
}

function keyOf({ kind, name }: Topic): string {
  return `${kind} ${name}`;
}
