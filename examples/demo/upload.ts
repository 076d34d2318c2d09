/** The upload: one file out of a multipart body, which is refused while it still arrives. */

import { Refusal } from "./refusal.ts";

/** The largest file, in bytes. */
export const MAX_FILE_BYTES: number = 10 * 1024 * 1024;

/** What the multipart framing may add to the file: boundaries, part headers, a few small fields. */
const FRAMING_BYTES = 64 * 1024;

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
  const most = MAX_FILE_BYTES + FRAMING_BYTES;
  // A body that says that it is too large is not even begun to be read.
  if (Number(request.headers.get("content-length")) > most) throw tooLarge();
  try {
    const body = request.body.pipeThrough(limitTo(most));
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "broken_form", "The form could not be read; it may have been cut off.");
  }
}

/** Counts what flows through, since a body need not say its length, nor say it truly. */
function limitTo(bytes: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > bytes) throw tooLarge();
      controller.enqueue(new Uint8Array(chunk));
    },
  });
}

function tooLarge(): Refusal {
  const most = MAX_FILE_BYTES / 1024 / 1024;
  return new Refusal(413, "too_large", `This file is too large: the limit is ${most} MB.`);
}
