/** The upload: one file out of a multipart body, which is refused while it still arrives. */

import { Refusal } from "./refusal.ts";

/** The largest file, in bytes. */
export const MAX_FILE_BYTES: number = 10 * 1024 * 1024;

/** What the multipart framing may add to the file: boundaries, part headers, a few small fields. */
const FRAMING_BYTES = 64 * 1024;

/**
 * A sender that is still at it loses an answer that comes early: up to here, the rest of a body that
 * is too large is read and thrown away first.
 */
const PATIENCE_BYTES = 64 * 1024 * 1024;

/** Reads the file of the field `name`; throws a `Refusal` that says what is wrong. */
export async function receiveFile(
  request: Request,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const form = await readForm(request, name);
  const values = form.getAll(name);
  const [file] = values;
  if (file === undefined) {
    throw new Refusal(400, "field_missing", `Send the picture in the form field "${name}".`);
  }
  if (values.length > 1) {
    throw new Refusal(400, "too_many_files", "Send one picture at a time.");
  }
  if (!(file instanceof File)) {
    throw new Refusal(400, "not_a_file", `The field "${name}" holds text; send a file.`);
  }
  if (file.size > MAX_FILE_BYTES) throw tooLarge();
  if (file.size === 0) throw new Refusal(400, "empty_file", "This file is empty.");
  return new Uint8Array(await file.arrayBuffer());
}

async function readForm(request: Request, name: string): Promise<FormData> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.toLowerCase().startsWith("multipart/form-data") || request.body === null) {
    throw new Refusal(
      415,
      "not_multipart",
      `Send a multipart form with the picture in the field "${name}".`,
    );
  }
  try {
    const body = await readBody(request, request.body);
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "broken_form", "The form could not be read; it may have been cut off.");
  }
}

/** Counts what arrives, since a body need not say its length, nor say it truly. */
async function readBody({ headers }: Request, body: ReadableStream<Uint8Array>): Promise<Blob> {
  const most = MAX_FILE_BYTES + FRAMING_BYTES;
  const declared = Number(headers.get("content-length"));
  // Who asks first, or sends far too much, is answered without a byte being read.
  if (declared > PATIENCE_BYTES || declared > most && headers.has("expect")) throw tooLarge();
  const chunks: BlobPart[] = [];
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.byteLength;
    if (seen <= most) chunks.push(new Uint8Array(chunk));
    if (seen > PATIENCE_BYTES) break;
  }
  if (seen > most) throw tooLarge();
  return new Blob(chunks);
}

function tooLarge(): Refusal {
  const most = MAX_FILE_BYTES / 1024 / 1024;
  return new Refusal(413, "too_large", `This file is too large: the limit is ${most} MB.`);
}
