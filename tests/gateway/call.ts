import type { RedisGateway } from "../support/redis_gateway.ts";

/** A gateway's answer, its JSON as text and parsed. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** Posts a body as it is, or as JSON, with the token unless other headers are given. */
export async function call(
  server: RedisGateway,
  path: string,
  body: unknown,
  headers: HeadersInit = {},
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) };
}

/** The header that asks for strings in base64. */
export const BASE64: HeadersInit = { "upstash-encoding": "base64" };
