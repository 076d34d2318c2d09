/** Stores to damage: each can be written to behind its broker's back. */

import { DatabaseSync } from "node:sqlite";
import type { Broker, Problem } from "../../../src/broker/broker.ts";
import { redisBroker } from "../../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { idsOf, type State } from "./furnish.ts";

/** Draws numbers from 0 to 1, as `Math.random` does, by a seed. */
export type Draw = () => number;

/** What planting is done with, in a store that has `count` messages of each state. */
export interface Spade {
  readonly draw: Draw;
  readonly count: number;
}

/** Is one way to damage a store. */
export interface Plant<Store> {
  /** What must be found. */
  readonly problem: Problem;
  /** Whether it is only told what to do about it. */
  readonly byHand?: boolean;
  /** Whether it touches what others touch too, so that one of the two may hide the other. */
  readonly alone?: boolean;
  /** Does the damage; gives the id that must be found. */
  readonly plant: (store: Store, spade: Spade) => Promise<string> | string;
}

/** Is a namespace of Redis, to be written to. */
export interface RedisGround {
  readonly redis: RedisGateway["redis"];
  key(name: string): string;
}

/** Draws a message of one of the states. */
export function pick({ draw, count }: Spade, ...states: State[]): string {
  const ids = states.flatMap((state) => idsOf(state, count));
  return ids[Math.floor(draw() * ids.length)]!;
}

/** Draws one of several. */
export function oneOf<T>({ draw }: Spade, choices: readonly T[]): T {
  return choices[Math.floor(draw() * choices.length)]!;
}

/** Opens an empty namespace of Redis. */
export async function openRedisGround(
  url?: string,
): Promise<RedisGround & AsyncDisposable & { readonly broker: Broker }> {
  const server = await redisGateway(url === undefined ? {} : { redis: url });
  const broker = redisBroker({
    url: server.url,
    token: server.token,
    namespace: server.namespace,
  });
  return {
    broker,
    redis: server.redis,
    key: (name) => `{${server.namespace}}:${name}`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Opens an empty file of SQLite, and a connection that checks no constraint. */
export async function openSqliteGround(): Promise<
  AsyncDisposable & { readonly broker: Broker; readonly db: DatabaseSync; readonly path: string }
> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-sqlite-" });
  const path = `${folder}/dabba.db`;
  const broker = sqliteBroker({ path, synchronous: "normal" });
  await broker.stats();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA ignore_check_constraints = ON; PRAGMA busy_timeout = 5000");
  return {
    broker,
    db,
    path,
    [Symbol.asyncDispose]: async () => {
      db.close();
      await broker.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
