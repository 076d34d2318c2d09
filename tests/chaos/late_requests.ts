/**
 * Late requests: each thing that a worker can say of a message, said by one that has lost it, whatever
 * the next one has done with the message since. What is stored is compared byte by byte.
 */

import { DatabaseSync } from "node:sqlite";
import {
  type Broker,
  type Delivery,
  type ExchangeReply,
  type ExchangeRequest,
  type Extension,
  type Held,
  type Settlement,
  SUSPECT_CRASHES,
} from "../../src/broker/broker.ts";
import type { RedisGateway } from "../support/redis_gateway.ts";
import { fsck } from "./check.ts";
import { type Kind, Place } from "./store.ts";

/** Is what came of them. */
export interface LateRequests {
  readonly trials: number;
  /** Those that the store has taken, or that have changed anything; each in words. */
  readonly wrong: readonly string[];
}

type Said = { readonly settle: readonly Settlement[] } | { readonly extend: readonly Extension[] };

const LEASE_MS = 1_000;
const HOUR_MS = 3_600_000;

const heldOf = ({ id, queue, priority, claim }: Delivery): Held => ({ id, queue, priority, claim });
const settle = (delivery: Delivery, outcome: OutcomeOf): Said => ({
  settle: [{ ...heldOf(delivery), token: delivery.token, ...outcome }],
});
const extend = (delivery: Delivery, extension: Partial<Extension>): Said => ({
  extend: [{ ...heldOf(delivery), ...extension }],
});

type Without<T> = T extends unknown ? Omit<T, keyof Held | "token"> : never;
type OutcomeOf = Without<Settlement>;

const SAYINGS: Readonly<Record<string, (delivery: Delivery) => Said>> = {
  "succeeded": (one) => settle(one, { outcome: "succeeded", retainMs: HOUR_MS, result: "late" }),
  "expired": (one) => settle(one, { outcome: "expired", retainMs: HOUR_MS, result: "late" }),
  "failed for good": (one) => settle(one, { outcome: "dead", journal: "late", failed: true }),
  "dead": (one) => settle(one, { outcome: "dead", journal: "late", failed: false }),
  "retry": (one) => settle(one, { outcome: "retry", delayMs: 1, journal: "late" }),
  "defer": (one) => settle(one, { outcome: "defer", delayMs: 1 }),
  "heartbeat": (one) => extend(one, {}),
  "progress": (one) => extend(one, { progress: "late" }),
  "begins": (one) => extend(one, { begins: true }),
};

/** What the winner has done with its message before the loser speaks; nothing where it still runs. */
const SINCE: Readonly<Record<string, (delivery: Delivery) => Said | undefined>> = {
  "is held": () => undefined,
  "reports progress": (one) => extend(one, { progress: "mine" }),
  "has begun": (one) => extend(one, { begins: true }),
  "has succeeded": (one) =>
    settle(one, { outcome: "succeeded", retainMs: HOUR_MS, result: "mine" }),
  "is retried": (one) => settle(one, { outcome: "retry", delayMs: HOUR_MS, journal: "mine" }),
  "is deferred": (one) => settle(one, { outcome: "defer", delayMs: HOUR_MS }),
  "is dead": (one) => settle(one, { outcome: "dead", journal: "mine", failed: true }),
};

/** Plays each of them after each of these, for messages with and without crashes. */
export async function playLateRequests(kind: Kind): Promise<LateRequests> {
  await using place = await Place.open(kind, { steered: true });
  const wrong: string[] = [];
  let trials = 0;
  let nowMs = 0;
  const lapse = () => place.setClock(nowMs += LEASE_MS + 1);
  for (const crashes of [0, SUSPECT_CRASHES]) {
    const ids = idsFor(crashes);
    trials += ids.length;
    await place.broker.push(ids.map((id) => messageOf(id)));
    for (let i = 0; i < crashes; i++) {
      await claimAll(place.broker, ids);
      await lapse();
    }
    const losers = await claimAll(place.broker, ids);
    await lapse();
    const winners = await claimAll(place.broker, ids);
    for (const id of ids) {
      const said = SINCE[sinceOf(id)]!(winners.get(id)!);
      if (said) await say(place.broker, said);
    }
    for (const id of ids) {
      const before = await storedIn(place);
      const answer = await say(place.broker, SAYINGS[sayingOf(id)]!(losers.get(id)!));
      if (answer !== "lease_lost") wrong.push(`${kind} ${id}: ${answer}`);
      if (await storedIn(place) !== before) wrong.push(`${kind} ${id}: changed`);
    }
    wrong.push(...await finish(place.broker, winners));
  }
  wrong.push(...(await fsck(place.broker)).map(({ detail }) => `${kind}: ${detail}`));
  return { trials, wrong };
}

/** What the winners hold is theirs to the end. */
async function finish(broker: Broker, winners: ReadonlyMap<string, Delivery>): Promise<string[]> {
  const wrong: string[] = [];
  for (const [id, delivery] of winners) {
    const running = SINCE[sinceOf(id)]!(delivery);
    if (running !== undefined && "settle" in running) continue;
    const answer = await say(broker, SAYINGS["succeeded"]!(delivery));
    if (answer !== "ok") wrong.push(`${id}: its holder's outcome was answered ${answer}`);
  }
  return wrong;
}

/** Each says in its id what happens to it: the case, what was done since, and what comes late. */
function idsFor(crashes: number): string[] {
  return Object.keys(SINCE).flatMap((_, since) =>
    Object.keys(SAYINGS).map((_, saying) => `c${crashes}.${since}.${saying}`)
  );
}
const queueOf = (id: string) => id.split(".")[0]!;
const sinceOf = (id: string) => Object.keys(SINCE)[Number(id.split(".")[1])]!;
const sayingOf = (id: string) => Object.keys(SAYINGS)[Number(id.split(".")[2])]!;

function messageOf(id: string) {
  return {
    ...{ id, nonce: "-", queue: queueOf(id), priority: "normal", body: `body of ${id}` } as const,
    ...{ delayMs: 0, expiresInMs: 0 },
  };
}

function exchange(broker: Broker, fields: Partial<ExchangeRequest>): Promise<ExchangeReply> {
  return broker.exchange({
    ...{ channel: crypto.randomUUID().replaceAll("-", ""), seq: 1, worker: "w", leaseMs: LEASE_MS },
    ...{ settle: [], extend: [], trim: 0, sweep: false, ...fields },
  });
}

async function claimAll(broker: Broker, ids: readonly string[]): Promise<Map<string, Delivery>> {
  const { claimed } = await exchange(broker, {
    claim: { queues: [queueOf(ids[0]!)], max: ids.length },
  });
  if (claimed.length === ids.length) return new Map(claimed.map((one) => [one.id, one]));
  throw new Error(`${claimed.length} of ${ids.length} messages came`);
}

async function say(broker: Broker, said: Said): Promise<string> {
  const { settled, extended } = await exchange(broker, said);
  return [...settled, ...extended].join();
}

/** All that is stored, but for the channels' own notes of their last requests. */
async function storedIn({ address, gateway }: Place): Promise<string> {
  if (address.kind === "sqlite") return rowsOf(address.path);
  return JSON.stringify(await keysOf(gateway!));
}

function rowsOf(path: string): string {
  using db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%slot' ORDER BY name",
  ).all();
  return JSON.stringify(tables.map(({ name }) => db.prepare(`SELECT * FROM "${name}"`).all()));
}

async function keysOf({ redis, namespace }: RedisGateway): Promise<unknown[]> {
  const keys = (await redis.keys(`*${namespace}*`)).sort();
  return await Promise.all(keys.map(async (key) => {
    switch (await redis.type(key)) {
      case "hash":
        return [key, pairsOf(Object.entries(await redis.hgetall(key)))];
      case "zset": {
        const flat = await redis.zrange(key, 0, -1, "WITHSCORES");
        const pairs = flat.flatMap((id, i) => i % 2 === 0 ? [[id, flat[i + 1]!] as const] : []);
        return [key, pairsOf(pairs)];
      }
      case "set":
        return [key, (await redis.smembers(key)).sort()];
      default:
        return [key, await redis.get(key)];
    }
  }));
}

function pairsOf(pairs: readonly (readonly [string, string])[]): [string, string][] {
  return pairs.filter(([name]) => !name.startsWith("@")).map(([a, b]): [string, string] => [a, b])
    .sort(([a], [b]) => a < b ? -1 : 1);
}
