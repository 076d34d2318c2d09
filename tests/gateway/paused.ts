import type { RedisGateway } from "../support/redis_gateway.ts";

/**
 * Resolves when a write of the gateway's waits inside a Redis whose writes are paused.
 *
 * @throws {Error} if the request was answered instead.
 */
export async function untilRedisHolds(
  { redis }: RedisGateway,
  request: Promise<unknown>,
): Promise<void> {
  let isAnswered = false;
  request.finally(() => isAnswered = true).catch(() => {});
  while (!/ flags=[^ ]*[bx]/.test(String(await redis.client("LIST")))) {
    if (isAnswered) throw new Error("The request was answered before Redis held its write");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
