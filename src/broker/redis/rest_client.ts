/** A client of Upstash's REST protocol, as small as the broker's needs. */

import { checkAddress, isUpstash, type RestClientOptions } from "./address.ts";
import type { RedisClient } from "./client.ts";
import { listenOverHttp } from "./event_source.ts";
import { isResult, refused, restSender } from "./rest_sender.ts";

/** Is a client over HTTP, which can do all that a broker may ask. */
export type RestClient = Required<RedisClient>;

/**
 * Makes a client of Upstash, or of a gateway, by `fetch` alone: for bundles that must stay small.
 *
 * It sends each request once and rejects when the reply takes too long: trying again is the broker's.
 * What a reply's `Retry-After` says reaches `BrokerError.retryAfterMs`.
 *
 * ```ts
 * import { redisBroker, restClient } from "@dabba/queue/redis";
 *
 * const client = restClient({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * const broker = redisBroker({ client });
 * console.log(broker.kind); // "redis"
 * ```
 *
 * @throws {TypeError} when the URL is not one of HTTP, the token is empty, or the time is no timer's.
 */
export function restClient(options: RestClientOptions): RestClient {
  const { url, token } = checkAddress(options);
  const address = { url: url.replace(/\/+$/, ""), token, timeoutMs: options.timeoutMs };
  const { post, ...sender } = restSender(options);
  return {
    ...sender,
    billed: isUpstash(url),
    listen: (channel, listener) => listenOverHttp(address, channel, listener),
    async series(commands) {
      const [replies, response] = await post("/pipeline", commands);
      if (!Array.isArray(replies) || replies.length !== commands.length) {
        throw refused(replies, response);
      }
      return replies.map((reply) => isResult(reply) ? reply.result : refused(reply, response));
    },
  };
}
