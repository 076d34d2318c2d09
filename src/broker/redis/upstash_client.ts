/** The client of @upstash/redis, set up for the broker. */

import { Redis } from "@upstash/redis/cloudflare";
import { checkAddress, isUpstash, type RestClientOptions } from "./address.ts";
import type { RedisClient } from "./client.ts";
import { restClient } from "./rest_client.ts";

/**
 * Makes a client of `@upstash/redis`, set up so that it neither re-sends nor changes anything.
 *
 * It sends each request once and rejects when the reply takes too long: trying again is the broker's.
 *
 * ```ts
 * import { redisBroker, upstashClient } from "@dabba/queue/redis";
 *
 * const client = upstashClient({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * const broker = redisBroker({ client });
 * console.log(broker.kind); // "redis"
 * ```
 *
 * @throws {TypeError} when the URL is not one of HTTP, the token is empty, or the time is no timer's.
 */
export function upstashClient(options: RestClientOptions): RedisClient {
  const { timeoutMs = 5_000 } = options;
  const { url, token } = checkAddress(options);
  const rest = restClient({ url, token, timeoutMs });
  const redis = new Redis({
    url,
    token,
    // It would turn a payload such as "007" into a number.
    automaticDeserialization: false,
    // It would send reads and writes of one moment apart, in any order.
    enableAutoPipelining: false,
    enableTelemetry: false,
    // Base64 is a third larger, and everything here is text.
    responseEncoding: false,
    retry: { retries: 0 },
    // As a function: a signal given as it is would turn a timeout into an empty reply.
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  return {
    billed: isUpstash(url),
    evalsha: (sha, keys, args) => redis.evalsha(sha, keys, args),
    eval: (script, keys, args) => redis.eval(script, keys, args),
    command: (name, ...args) => redis.exec([name, ...args]),
    // Its own pipeline takes no WAIT.
    series: rest.series,
    // Its own subscription neither tells that it has ended, nor can be ended at once.
    listen: rest.listen,
  };
}
