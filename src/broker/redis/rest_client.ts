/** A client of Upstash's REST protocol, as small as the broker's needs: no package stands behind it. */

import { checkAddress, isUpstash, type RestClientOptions } from "./address.ts";
import type { RedisClient } from "./client.ts";
import { RestError } from "./rest_error.ts";

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
  const post = poster({ url: url.replace(/\/+$/, ""), token, timeoutMs: options.timeoutMs });
  const command = async (...words: string[]) => resultOf(...await post("", words));
  return {
    billed: isUpstash(url),
    evalsha: (sha, keys, args) => command("EVALSHA", sha, String(keys.length), ...keys, ...args),
    eval: (script, keys, args) => command("EVAL", script, String(keys.length), ...keys, ...args),
    command,
    async series(commands) {
      const [replies, response] = await post("/pipeline", commands);
      if (!Array.isArray(replies) || replies.length !== commands.length) {
        throw refused(replies, response);
      }
      return replies.map((reply) => isResult(reply) ? reply.result : refused(reply, response));
    },
  };
}

type Post = (path: string, body: unknown) => Promise<[reply: unknown, response: Response]>;

function poster({ url, token, timeoutMs = 5_000 }: RestClientOptions): Post {
  // What has been answered is seen by whoever asks afterwards, also where a replica answers it.
  let syncToken = "";
  return async (path, body) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "upstash-sync-token": syncToken,
      },
      body: JSON.stringify(body),
      // Another host must not get the token, and a POST would arrive as a GET.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    syncToken = response.headers.get("upstash-sync-token") ?? syncToken;
    try {
      return [JSON.parse(text), response];
    } catch {
      throw new RestError("", response);
    }
  };
}

function resultOf(reply: unknown, response: Response): unknown {
  if (response.ok && isResult(reply)) return reply.result;
  throw refused(reply, response);
}

function isResult(reply: unknown): reply is { readonly result: unknown } {
  return (reply as { result?: unknown } | null)?.result !== undefined;
}

function refused(reply: unknown, response: Response): RestError {
  const { error } = (reply ?? {}) as { error?: unknown };
  return new RestError(typeof error === "string" ? error : "", response);
}
