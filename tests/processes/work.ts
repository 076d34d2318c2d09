/** The task that worker processes run, and how they and the test that starts them meet. */

import type { Broker } from "../../src/broker/broker.ts";
import { RedisBroker } from "../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../src/broker/sqlite/mod.ts";
import type { Schema } from "../../src/schema.ts";
import { defineTask, type OpenContract } from "../../src/task.ts";
import type { WorkerOptions } from "../../src/worker/options.ts";

/** Says how long a message takes. */
export interface Job {
  /** How long, in milliseconds. */
  readonly ms: number;
  /** Whether it goes on for ever, and heeds no signal. */
  readonly deaf?: boolean;
  /** Whether it ends its process. */
  readonly fatal?: boolean;
}

/** Says where the store is. */
export type Address =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
    readonly kind: "redis";
    readonly url: string;
    readonly token: string;
    readonly namespace: string;
  };

/** Tells a worker process what to do. */
export interface Orders {
  readonly store: Address;
  readonly worker: WorkerOptions;
  /** Drains within this time, instead of running for long. */
  readonly budget?: string;
}

const job: Schema<Job> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as Job }) },
};

/** The contract; its handler is in the worker process. */
export const work: OpenContract<Job, Job, unknown, unknown> = defineTask("work", {
  input: job,
  backoff: [100, 100],
});

/** Opens the store, in whatever process. */
export function openBroker(address: Address): Broker {
  if (address.kind === "sqlite") return sqliteBroker({ path: address.path });
  const { url, token, namespace } = address;
  return new RedisBroker({ url, token, namespace });
}
