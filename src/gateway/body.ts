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
export function readText(request: Request, limit: number): Promise<string> {
  const declared = request.headers.get("content-length");
  if (declared === null) return readChunks(request, limit);
  const bytes = Number(declared);
  if (bytes > limit) return Promise.reject(new BodyTooLargeError(limit, bytes));
  return request.text();
}

async function readChunks(request: Request, limit: number): Promise<string> {
  if (!request.body) return "";
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw new BodyTooLargeError(limit);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
