/** The client of a broker: the one that it was given, or one made of a URL and a token. */

import { type RedisClient, withDeadline } from "./client.ts";
import type { RedisBrokerOptions } from "./options.ts";
import { upstashClient } from "./upstash_client.ts";

/** Gives the client, with a deadline for each of its requests; throws `TypeError`. */
export function resolveClient(
  { client, url = "", token = "" }: RedisBrokerOptions,
  timeoutMs: number,
): RedisClient {
  if (client === undefined) return upstashClient({ url, token, timeoutMs });
  if (url !== "" || token !== "") {
    throw new TypeError("Cannot use a client together with url and token: give one of them");
  }
  if (typeof client.evalsha !== "function" || typeof client.eval !== "function") {
    throw new TypeError(
      "Cannot use client: it has no evalsha and eval; give a Redis of @upstash/redis, " +
        "or ioredisClient(redis)",
    );
  }
  return withDeadline(client, timeoutMs);
}
