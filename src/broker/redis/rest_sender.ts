/** Sends commands over Upstash's REST protocol; no package stands behind it. */

import { checkAddress, type RestClientOptions } from "./address.ts";
import type { RedisClient } from "./client.ts";
import { RestError } from "./rest_error.ts";

/** Makes a client that sends one command at a time, which is all that a producer does. */
export function restSender(options: RestClientOptions): RestSender {
  const { url, token } = checkAddress(options);
  const post = poster({ url: url.replace(/\/+$/, ""), token, timeoutMs: options.timeoutMs });
  const command = async (...words: string[]) => resultOf(...await post("", words));
  return {
    evalsha: (sha, keys, args) => command("EVALSHA", sha, String(keys.length), ...keys, ...args),
    eval: (script, keys, args) => command("EVAL", script, String(keys.length), ...keys, ...args),
    command,
    post,
  };
}

/** Is a client that sends one command at a time. */
export interface RestSender extends Pick<RedisClient, "evalsha" | "eval"> {
  /** Runs a plain command. */
  command(name: string, ...args: string[]): Promise<unknown>;
  /** Posts to a path below the URL. */
  readonly post: Post;
}

/** Posts a body, and gives the reply with its response. */
export type Post = (path: string, body: unknown) => Promise<[reply: unknown, response: Response]>;

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

/** Says whether a reply is a result, not a refusal. */
export function isResult(reply: unknown): reply is { readonly result: unknown } {
  return (reply as { result?: unknown } | null)?.result !== undefined;
}

/** Makes the error of a refusal. */
export function refused(reply: unknown, response: Response): RestError {
  const { error } = (reply ?? {}) as { error?: unknown };
  return new RestError(typeof error === "string" ? error : "", response);
}
