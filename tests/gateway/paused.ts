import type { RedisGateway } from "../support/redis_gateway.ts";

/** Resolves when a write of the gateway's waits inside a Redis whose writes are paused. */
export async function untilRedisHolds({ redis }: RedisGateway): Promise<void> {
  while (!/ flags=[^ ]*[bx]/.test(String(await redis.client("LIST")))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
