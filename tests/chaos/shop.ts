/** A store of any kind, for checks that need no process but this one. */

import type { Broker } from "../../src/broker/broker.ts";
import { RedisBroker } from "../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../src/broker/sqlite/mod.ts";
import { memoryBroker } from "../../src/testing/mod.ts";
import { startRedisServer } from "../support/redis_server.ts";

/** Says which store. */
export type ShopKind = "redis" | "sqlite" | "memory";

/** Is a store, open. */
export interface Shop extends AsyncDisposable {
  readonly kind: ShopKind;
  readonly broker: Broker;
  /** Requests over HTTP so far; 0 where there are none. */
  requests(): number;
}

/** Opens one: Redis over HTTP behind a gateway, SQLite in a file, or memory. */
export async function openShop(kind: ShopKind): Promise<Shop> {
  const resources = new AsyncDisposableStack();
  const open = async (): Promise<[Broker, () => number]> => {
    if (kind === "memory") return [memoryBroker(), () => 0];
    if (kind === "sqlite") {
      const folder = await Deno.makeTempDir({ prefix: "dabba-shop-" });
      resources.defer(() => Deno.remove(folder, { recursive: true }));
      return [sqliteBroker({ path: `${folder}/dabba.db` }), () => 0];
    }
    const server = resources.use(await startRedisServer());
    if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", server.url);
    const { redisGateway } = await import("../support/redis_gateway.ts");
    const gateway = resources.use(await redisGateway({ redis: server.url }));
    const { url, token, namespace } = gateway;
    return [new RedisBroker({ url, token, namespace }), () => gateway.requests];
  };
  const [broker, requests] = await open();
  resources.defer(() => broker.close());
  return { kind, broker, requests, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
