/** Bodies: JSON, read no further than a limit. */

import type { AnyContext } from "./answer.ts";
import { RequestError } from "./errors.ts";

/** Reads a request's JSON body, of at most `limit` bytes; throws a refusal for anything else. */
export async function readJson(c: AnyContext, limit: number): Promise<unknown> {
  requireJson(c);
  // Digits only: a header that is no number says nothing.
  if (Number(c.req.header("content-length") ?? 0) > limit) {
    await c.req.raw.body?.cancel();
    throw tooLarge(limit);
  }
  return parseJson(decode(await readBytes(c, limit)));
}

// Another type would also let a page of any origin send it without asking first (CORS).
function requireJson(c: AnyContext): void {
  const type = (c.req.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (!/^application\/(?:[\w.!#$&^+-]+\+)?json$/.test(type)) {
    const message = "Cannot read the body: send JSON, with content-type application/json";
    throw new RequestError(415, "unsupported_media_type", message);
  }
  const coding = c.req.header("content-encoding") ?? "identity";
  if (coding.trim().toLowerCase() !== "identity") {
    const message = "Cannot read the body: send it without a content-encoding";
    throw new RequestError(415, "unsupported_media_type", message);
  }
}

async function readBytes(c: AnyContext, limit: number): Promise<Uint8Array> {
  // A validator that ran before has read it, and Hono has kept what it read.
  if (c.req.raw.bodyUsed) return new Uint8Array(await c.req.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.length;
      // Leaving the loop cancels the stream: nothing more of it is read.
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch {
    throw invalid("it broke off");
  }
  if (size > limit) throw tooLarge(limit);
  return join(chunks, size);
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("it is not UTF-8");
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === "") throw invalid("it is empty");
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the payload.
    throw invalid("it is not JSON");
  }
}

function invalid(why: string): RequestError {
  return new RequestError(400, "invalid_json", `Cannot read the body: ${why}`);
}

function tooLarge(limit: number): RequestError {
  const message = `Cannot read the body: it is over ${limit.toLocaleString("en-US")} bytes`;
  return new RequestError(413, "payload_too_large", message);
}
