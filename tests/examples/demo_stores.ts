/** The two stores that the demo runs on, each with a folder of its own, for one test. */
import { type Broker, redisBroker } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";

/** A store and the variables with which the demo finds it. */
export interface DemoStore extends AsyncDisposable {
  readonly env: Record<string, string>;
  /** How many queues hold messages. */
  queues(): Promise<number>;
}

/** The stores by name. */
export const STORES: ReadonlyMap<string, () => Promise<DemoStore>> = new Map([
  ["SQLite", sqliteStore],
  ["Redis over HTTP", redisStore],
]);

async function sqliteStore(): Promise<DemoStore> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-demo-" });
  return {
    env: { DABBA_DEMO_DIR: folder },
    queues: () => countIn(sqliteBroker({ path: `${folder}/dabba.db` })),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A redis-server of its own: the demo keeps to one namespace, which tests must not share. */
async function redisStore(): Promise<DemoStore> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-demo-" });
  const server = await startRedisServer();
  const { url, token, close } = await redisGateway({ redis: server.url });
  return {
    env: {
      DABBA_DEMO_DIR: folder,
      UPSTASH_REDIS_REST_URL: url,
      UPSTASH_REDIS_REST_TOKEN: token,
    },
    queues: () => countIn(redisBroker({ url, token })),
    async [Symbol.asyncDispose]() {
      await close();
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function countIn(broker: Broker): Promise<number> {
  try {
    const { queues } = await broker.stats();
    return queues.length;
  } finally {
    await broker.close();
  }
}
