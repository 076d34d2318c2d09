/** Where a check plays: a store of its own, a producer, a ledger, and how to wait until all is done. */

import type { BoundTask } from "../../src/bound_tasks.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { Dabba } from "../../src/dabba.ts";
import type { EnqueueOptions } from "../../src/enqueuer.ts";
import type { RedisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { fsck } from "./check.ts";
import { type Address, type Job, openBroker, work } from "./jobs.ts";
import { type Audit, audit, type Entry, LedgerWriter, readLedger } from "./ledger.ts";

/** Says which store. */
export type Kind = Address["kind"];

/** Is what is known when all is quiet. */
export interface Reckoning extends Audit {
  readonly entries: readonly Entry[];
  /** Ids that were acknowledged, and are not final. */
  readonly stuck: readonly string[];
  /** Ids among the dead letters. */
  readonly dead: ReadonlySet<string>;
  /** How many things the store's own check has found. */
  readonly findings: number;
}

const LOOK_MS = 50;
const BATCH = 500;

/** The place of one check. */
export class Place implements AsyncDisposable {
  readonly broker: Broker;
  readonly dabba: Dabba<{ work: typeof work }>;
  readonly address: Address;
  readonly folder: string;
  /** The gateway, where the store is Redis. */
  readonly gateway: RedisGateway | undefined;
  readonly #writer: LedgerWriter;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly address: Address;
    readonly folder: string;
    readonly gateway?: RedisGateway;
    readonly resources: AsyncDisposableStack;
  }) {
    this.address = parts.address;
    this.folder = `${parts.folder}/ledger`;
    this.gateway = parts.gateway;
    this.#resources = parts.resources;
    Deno.mkdirSync(this.folder);
    this.broker = openBroker(this.address);
    this.dabba = new Dabba({ broker: this.broker, tasks: { work } });
    this.#writer = new LedgerWriter(this.folder);
  }

  /** Opens a store; Redis writes an append-only file, and syncs it each second. */
  static async open(kind: Kind, clock: { readonly steered?: boolean } = {}): Promise<Place> {
    const resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "dabba-chaos-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const offset = clock.steered ? { offset: `${folder}/offset` } : {};
    if (clock.steered) await Deno.writeTextFile(`${folder}/offset`, "0");
    if (kind === "sqlite") {
      const address = { kind, path: `${folder}/dabba.db`, ...offset };
      return new Place({ address, folder, resources });
    }
    const config = { appendonly: "yes", appendfsync: "everysec" };
    const server = resources.use(await startRedisServer({ config }));
    const gateway = resources.use(await openGateway(server.url));
    const { url, token, namespace } = gateway;
    const address = { kind, url, token, namespace, ...offset };
    return new Place({ address, folder, gateway, resources });
  }

  get work(): BoundTask<Job, unknown> {
    return this.dabba.tasks.work;
  }

  /** Enqueues jobs, and writes down which ones the store has acknowledged. */
  async enqueue(jobs: readonly Job[], options: EnqueueOptions = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let at = 0; at < jobs.length; at += BATCH) {
      const receipts = await this.work.enqueueMany(jobs.slice(at, at + BATCH), options);
      for (const { id } of receipts) {
        this.#writer.write("acknowledged", { id });
        ids.push(id);
      }
    }
    return ids;
  }

  /** Moves the store's clock, which must be a steered one. */
  async setClock(offsetMs: number): Promise<void> {
    const { offset } = this.address;
    if (offset === undefined) throw new Error("Cannot move the clock: it is not a steered one");
    // In one step: a reader must not find an empty file.
    await Deno.writeTextFile(`${offset}.new`, String(offsetMs));
    await Deno.rename(`${offset}.new`, offset);
  }

  /** Whether no message is left that is not final. */
  async quiet(): Promise<boolean> {
    const { queues } = await this.broker.stats();
    return queues.every(({ ready, later }) => ready + later === 0);
  }

  /** Waits until no message is left that is not final; false when that took too long. */
  async untilQuiet(limitMs: number): Promise<boolean> {
    const endsAt = performance.now() + limitMs;
    while (!await this.quiet()) {
      if (performance.now() > endsAt) return false;
      await pause(LOOK_MS);
    }
    return true;
  }

  /** Waits until the ledger holds what is looked for. */
  async untilWritten(fits: (entries: readonly Entry[]) => boolean, limitMs: number): Promise<void> {
    const endsAt = performance.now() + limitMs;
    while (!fits(await readLedger(this.folder))) {
      if (performance.now() > endsAt) throw new Error(`The ledger is not there in ${limitMs} ms`);
      await pause(LOOK_MS);
    }
  }

  /** Reads ledger and store, and tells what became of everything. */
  async reckon(): Promise<Reckoning> {
    const entries = await readLedger(this.folder);
    const ids = [...new Set(entries.filter(isAcknowledged).map(({ id }) => id))];
    const dead = new Set<string>();
    const stuck: string[] = [];
    for (let at = 0; at < ids.length; at += BATCH) {
      const some = ids.slice(at, at + BATCH);
      for (const [i, record] of (await this.broker.read(some)).entries()) {
        if (record?.state === "dead") dead.add(record.id);
        else if (!record || !FINAL.has(record.state)) stuck.push(some[i]!);
      }
    }
    const findings = (await fsck(this.broker)).length;
    return { ...audit(entries, dead), entries, stuck, dead, findings };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writer[Symbol.dispose]();
    await this.dabba.close();
    await this.#resources.disposeAsync();
  }
}

/** Loaded late: its module starts a server of its own, unless it is told of one. */
async function openGateway(redis: string): Promise<RedisGateway> {
  if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", redis);
  const { redisGateway } = await import("../support/redis_gateway.ts");
  return await redisGateway({ redis });
}

const FINAL = new Set(["succeeded", "dead", "cancelled", "expired"]);
const isAcknowledged = ({ what }: Entry) => what === "acknowledged";

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The value below which so large a part lies; 0 of nothing. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
