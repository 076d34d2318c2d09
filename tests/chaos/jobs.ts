/** The task that the rig's workers run, and what they are told. */

import type { Broker } from "../../src/broker/broker.ts";
import { RedisBroker, restClient } from "../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../src/broker/sqlite/mod.ts";
import type { Schema } from "../../src/schema.ts";
import { defineTask, type OpenContract } from "../../src/task.ts";
import type { WorkerOptions } from "../../src/worker/options.ts";

/** Says what a job does, and for how long where it takes time. */
export type Job =
  /**
   * Waits, and heeds its signal; from its second delivery on it may take another time. It may report
   * progress, and fail in its first deliveries.
   */
  | {
    readonly kind: "sleep";
    readonly ms: number;
    readonly laterMs?: number;
    readonly progress?: boolean;
    readonly fails?: number;
  }
  /**
   * The same, whatever its signal says. Its first delivery may report progress after a while, and end
   * otherwise than well.
   */
  | {
    readonly kind: "deaf";
    readonly ms: number;
    readonly laterMs?: number;
    readonly talksAtMs?: number;
    readonly ends?: "failed" | "rejected" | "deferred";
  }
  /** Ends its process. */
  | { readonly kind: "exit" }
  /** Takes memory until its process ends. */
  | { readonly kind: "allocate" }
  /** Never lets go of the event loop. */
  | { readonly kind: "spin" };

/** Says where the store is. */
export type Address =
  & (
    | { readonly kind: "sqlite"; readonly path: string }
    | {
      readonly kind: "redis";
      readonly url: string;
      readonly token: string;
      readonly namespace: string;
      /** How long a request may take, in milliseconds, where it is not as usual. */
      readonly timeout?: number;
      /** How long a call may take with all its tries, in milliseconds, where it is not as usual. */
      readonly deadline?: number;
      /** The broker's own client instead of that of @upstash/redis. */
      readonly client?: "restClient";
    }
  )
  & {
    /** A file that says how far the store's clock is from the machine's, in milliseconds. */
    readonly offset?: string;
  };

/** Tells a worker process what to do. */
export interface Orders {
  readonly store: Address;
  readonly worker: WorkerOptions;
  /** The folder of the ledger. */
  readonly ledger: string;
  /** How far the worker's own clock is from the machine's, in milliseconds. */
  readonly skewMs?: number;
}

/** A schema that lets everything pass. */
export function passing<T>(): Schema<T> {
  return {
    "~standard": { version: 1, vendor: "rig", validate: (value) => ({ value: value as T }) },
  };
}

/** The contract; its handler is in the worker program. */
export const work: OpenContract<Job, Job, unknown, unknown> = defineTask("work", {
  input: passing<Job>(),
  backoff: [100, 100],
});

const machineClock = Date.now;

/** A check reckons with the outcome of each job at its end: none may have been forgotten by then. */
const RETENTION = { count: 10_000_000, bytes: 10_000_000_000 };

/** Opens the store, in whatever process. */
export function openBroker(address: Address): Broker {
  const { offset } = address;
  const clock = offset === undefined
    ? undefined
    : () => machineClock() + Number(Deno.readTextFileSync(offset));
  if (address.kind === "sqlite") {
    return sqliteBroker({ path: address.path, clock, retention: RETENTION });
  }
  const { url, token, namespace, timeout, deadline } = address;
  const reached = address.client === "restClient"
    ? { client: restClient({ url, token, timeoutMs: timeout }) }
    : { url, token };
  const options = { ...reached, namespace, timeout, deadline, retention: RETENTION };
  return new RedisBroker({ ...options, ...(clock ? { clock } : {}) });
}
