/** Confirmed enqueues, and a primary that is lost with all it had; its replica takes over. */

import { redisBroker } from "../../src/broker/redis/mod.ts";
import { randomId } from "../../src/message/id.ts";
import { startRedisServer } from "../support/redis_server.ts";
import type { RedisGateway } from "../support/redis_gateway.ts";

const NAMESPACE = "confirmed";
const LIMIT_MS = 2_000;

/** Enqueues while the primary is killed; counts what was confirmed and is not with the replica. */
export async function replicatedRun(
  count: number,
): Promise<{ readonly sent: number; readonly lost: number }> {
  // Loaded late: the module starts a server of its own, unless it is told of one.
  const { redisGateway } = await import("../support/redis_gateway.ts");
  await using main = await startRedisServer({ config: { "repl-diskless-sync-delay": "0" } });
  await using copy = await startRedisServer();
  await using server = await redisGateway({ redis: main.url });
  await using replica = await redisGateway({ redis: copy.url });
  await replica.redis.replicaof("127.0.0.1", main.port);
  await server.redis.set("first", "1");
  while (await server.redis.wait(1, 1_000) < 1);
  const confirmed = await pushUntilKilled(server, count, () => main.kill());
  await replica.redis.replicaof("NO", "ONE");
  const { url, token } = replica;
  const records = await redisBroker({ url, token, namespace: NAMESPACE }).read(confirmed);
  return { sent: confirmed.length, lost: records.filter((record) => !record).length };
}

async function pushUntilKilled(
  { url, token }: RedisGateway,
  count: number,
  kill: () => Promise<void>,
): Promise<string[]> {
  const options = { url, token, namespace: NAMESPACE, confirm: "replicated", retries: 0 } as const;
  const broker = redisBroker({ ...options, timeout: LIMIT_MS });
  const confirmed: string[] = [];
  const rest = { queue: "q", priority: "normal", nonce: "-", delayMs: 0, expiresInMs: 0 } as const;
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const id = randomId();
      try {
        await broker.push([{ ...rest, id, body: "" }]);
      } catch {
        return;
      }
      confirmed.push(id);
      if (confirmed.length === Math.ceil(count / 2)) await kill();
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return confirmed;
}
