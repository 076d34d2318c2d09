/** A request's body is larger than the gateway takes. */
export class BodyTooLargeError extends Error {
  constructor(limit: number, bytes?: number) {
    const actual = bytes === undefined ? "" : `, Actual: ${bytes} bytes`;
    super(`ERR max request size exceeded. Limit: ${limit} bytes${actual}`);
    this.name = "BodyTooLargeError";
  }
}

/**
 * Reads a body as UTF-8 text, never holding more than the limit.
 *
 * @throws {BodyTooLargeError} if it has more than `limit` bytes.
 */
export async function readText(request: Request, limit: number): Promise<string> {
  if (isDeclared(request, limit)) return request.text();
  return new TextDecoder().decode(await readChunks(request, limit));
}

/**
 * Reads a body as it is, never holding more than the limit.
 *
 * @throws {BodyTooLargeError} if it has more than `limit` bytes.
 */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (isDeclared(request, limit)) return new Uint8Array(await request.arrayBuffer());
  return await readChunks(request, limit);
}

function isDeclared(request: Request, limit: number): boolean {
  const declared = request.headers.get("content-length");
  if (declared === null) return false;
  const bytes = Number(declared);
  if (bytes > limit) throw new BodyTooLargeError(limit, bytes);
  return true;
}

async function readChunks(request: Request, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw new BodyTooLargeError(limit);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
