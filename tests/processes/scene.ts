/** The scene of a test between processes: a store, worker processes, and a producer in this one. */

import type { BoundTask } from "../../src/bound_tasks.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { Dabba } from "../../src/dabba.ts";
import type { WorkerOptions } from "../../src/worker/options.ts";
import type { Cases } from "./cases.ts";
import { Ledger, type WorkerProcess } from "./ledger.ts";
import { type Address, type Job, openBroker, work } from "./work.ts";

/** Is a store that is empty at first. */
export interface Store extends AsyncDisposable {
  readonly address: Address;
}

const POLLING = { min: 20, max: 100 };

/** Is where one test plays. */
export class Scene implements AsyncDisposable {
  readonly ledger: Ledger = new Ledger();
  readonly broker: Broker;
  readonly dabba: Dabba<{ work: typeof work }>;
  readonly #address: Address;

  constructor(address: Address) {
    this.#address = address;
    this.broker = openBroker(address);
    this.dabba = new Dabba({ broker: this.broker, tasks: { work } });
  }

  get tasks(): { readonly work: BoundTask<Job, unknown> } {
    return this.dabba.tasks;
  }

  /** Starts a worker process; it drains when it is given a budget. */
  start(worker: WorkerOptions, budget?: string): WorkerProcess {
    const options = { polling: POLLING, lease: 1_000, ...worker };
    const orders = { store: this.#address, worker: options };
    return this.ledger.start(budget === undefined ? orders : { ...orders, budget });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger[Symbol.asyncDispose]();
    await this.dabba.close();
  }
}

/** Declares the tests for one kind of store. */
export function testProcesses(name: string, cases: Cases, open: () => Promise<Store>): void {
  for (const [behaviour, play] of Object.entries(cases)) {
    Deno.test(`${behaviour} [${name}]`, async () => {
      await using store = await open();
      await using scene = new Scene(store.address);
      await play(scene);
    });
  }
}
