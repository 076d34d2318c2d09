/** Files that are there whole or not at all, whatever crashes. */

import { dirname } from "node:path";

/** Writes a file so that a reader, or the next start after a crash, never meets half of it. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    await writeToDisk(draft, bytes);
    await Deno.rename(draft, path);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
}

// On the disk before a message speaks of it: a power cut must not leave the one without the other.
async function writeToDisk(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}
