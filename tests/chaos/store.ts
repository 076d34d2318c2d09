/** Where a check plays: a store of its own, a producer, a ledger, and how to wait until all is done. */

import type { BoundTask } from "../../src/bound_tasks.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { Dabba } from "../../src/dabba.ts";
import type { EnqueueOptions } from "../../src/enqueuer.ts";
import { type FaultOptions, type FaultyHandler, withFaults } from "../../src/testing/mod.ts";
import type { Forward, Intercept, RedisGateway } from "../support/redis_gateway.ts";
import { type RedisServer, startRedisServer } from "../support/redis_server.ts";
import { fsck } from "./check.ts";
import { type Address, type Job, openBroker, work } from "./jobs.ts";
import { type Audit, audit, type Entry, LedgerWriter, readLedger } from "./ledger.ts";

/** Says which store. */
export type Kind = Address["kind"];

/** Says how a store is opened. */
export interface PlaceOptions {
  /** Whether its clock can be moved. */
  readonly steered?: boolean;
  /** What happens on the way to Redis. */
  readonly faults?: FaultOptions;
  /** Settings of redis-server that are not as usual. */
  readonly config?: Readonly<Record<string, string>>;
  /** How long a request may take, in milliseconds, where it is not as usual. */
  readonly timeout?: number;
  /** How long a call may take with all its tries, in milliseconds, where it is not as usual. */
  readonly deadline?: number;
}

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
  /** The redis-server, where there is one. */
  readonly server: RedisServer | undefined;
  /** What happens between clients and gateway, where faults were asked for. */
  readonly faulty: FaultyHandler | undefined;
  readonly #writer: LedgerWriter;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly address: Address;
    readonly folder: string;
    readonly gateway?: RedisGateway;
    readonly server?: RedisServer;
    readonly faulty?: FaultyHandler;
    readonly resources: AsyncDisposableStack;
  }) {
    this.address = parts.address;
    this.folder = `${parts.folder}/ledger`;
    this.gateway = parts.gateway;
    this.server = parts.server;
    this.faulty = parts.faulty;
    this.#resources = parts.resources;
    Deno.mkdirSync(this.folder);
    this.broker = openBroker(this.address);
    this.dabba = new Dabba({ broker: this.broker, tasks: { work } });
    this.#writer = new LedgerWriter(this.folder);
  }

  /** Opens a store; Redis writes an append-only file, and syncs it each second. */
  static async open(kind: Kind, options: PlaceOptions = {}): Promise<Place> {
    const { faults, timeout, deadline } = options;
    const resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "dabba-chaos-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const offset = options.steered ? { offset: `${folder}/offset` } : {};
    if (options.steered) await Deno.writeTextFile(`${folder}/offset`, "0");
    if (kind === "sqlite") {
      const address = { kind, path: `${folder}/dabba.db`, ...offset };
      return new Place({ address, folder, resources });
    }
    const config = { appendonly: "yes", appendfsync: "everysec", ...options.config };
    const server = resources.use(await startRedisServer({ config }));
    const { gateway, faulty } = await openGateway(server.url, faults);
    resources.use(gateway);
    const { url, token, namespace } = gateway;
    const address = {
      kind,
      url,
      token,
      namespace,
      ...(timeout ? { timeout } : {}),
      ...(deadline ? { deadline } : {}),
      ...offset,
    };
    return new Place({ address, folder, gateway, server, faulty, resources });
  }

  get work(): BoundTask<Job, unknown> {
    return this.dabba.tasks.work;
  }

  /** Enqueues jobs, and writes down which ones the store has acknowledged. */
  async enqueue(jobs: readonly Job[], options: EnqueueOptions = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let at = 0; at < jobs.length; at += BATCH) {
      const receipts = await this.work.enqueueMany(jobs.slice(at, at + BATCH), options);
      const some = receipts.map(({ id }) => id);
      this.acknowledge(some);
      ids.push(...some);
    }
    return ids;
  }

  /** Writes down that the store has acknowledged these. */
  acknowledge(ids: readonly string[]): void {
    for (const id of ids) this.#writer.write("acknowledged", { id });
  }

  /** The ids that were acknowledged so far. */
  async knownIds(): Promise<string[]> {
    return (await readLedger(this.folder)).filter(isAcknowledged).map(({ id }) => id);
  }

  /** Sends all dead letters round again, and writes down that they were. */
  async redriveAll(): Promise<number> {
    let sent = 0;
    for (;;) {
      const { letters } = await this.dabba.inspect.dead({ limit: 500 });
      if (letters.length === 0) return sent;
      const records = await this.broker.read(letters.map(({ id }) => id));
      for (const record of records) if (record) this.#writer.write("returned", record);
      sent += await this.dabba.redrive({ ids: letters.map(({ id }) => id) });
    }
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
async function openGateway(
  redis: string,
  faults: FaultOptions | undefined,
): Promise<{ readonly gateway: RedisGateway; readonly faulty?: FaultyHandler }> {
  if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", redis);
  const { redisGateway } = await import("../support/redis_gateway.ts");
  if (faults === undefined) return { gateway: await redisGateway({ redis }) };
  let pass: Forward;
  const faulty = withFaults((request) => pass(request), faults);
  const intercept: Intercept = (request, forward) => {
    pass = forward;
    return faulty.handle(request);
  };
  return { gateway: await redisGateway({ redis, intercept }), faulty };
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
