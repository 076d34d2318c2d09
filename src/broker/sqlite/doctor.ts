/** Examines an SQLite and the place of its file: what could cost messages, and what to do about it. */

import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Diagnosis } from "../broker.ts";
import { warningsOf } from "./warnings.ts";

/** File systems on which locks and shared memory between machines do not hold. */
const NETWORK =
  /^(nfs\d?|cifs|smb\w*|9p|afs|ceph|glusterfs|fuse\.(sshfs|s3fs|gcsfuse|rclone|goofys))$/;

/** Is what is known of an open file. */
export interface Opened {
  readonly path: string;
  readonly version: string;
  readonly journalMode: string;
  readonly synchronous: "full" | "normal";
}

/** Says what could cost messages; nothing where all is well. */
export function examineFile({ path, version, journalMode, synchronous }: Opened): Diagnosis[] {
  if (path === ":memory:") {
    const text = "Messages are kept in this process alone and end with it; give path a file";
    return [{ level: "danger", text }];
  }
  const found: Diagnosis[] = warningsOf(path, version, journalMode).map((text) => ({
    level: "warning",
    text,
  }));
  if (synchronous === "normal") {
    const text = 'A power cut can undo the last calls; synchronous: "full" waits for the disk';
    found.push({ level: "note", text });
  }
  const system = fileSystemOf(path);
  if (system === undefined) {
    const text =
      `Whether "${path}" is on a network file system cannot be told here; it must not be`;
    found.push({ level: "note", text });
  } else if (NETWORK.test(system)) {
    const text = `"${path}" is on a network file system (${system}), whose locks may not hold: ` +
      "two machines can damage it; use a local disk, or the Redis broker";
    found.push({ level: "danger", text });
  }
  return found;
}

/** Names the file system of a file; undefined where that cannot be known. */
function fileSystemOf(path: string): string | undefined {
  try {
    const folder = realpathSync(dirname(path));
    return longestMount(readFileSync("/proc/self/mounts", "utf8"), folder);
  } catch {
    // Not Linux, or not allowed: the doctor says that it does not know.
    return undefined;
  }
}

/** Finds the file system of a folder in a table of mounts. */
export function longestMount(mounts: string, folder: string): string | undefined {
  let [best, length] = [undefined as string | undefined, -1];
  for (const line of mounts.split("\n")) {
    const [, at = "", system] = line.split(" ");
    const point = at.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const within = folder === point || folder.startsWith(point.endsWith("/") ? point : `${point}/`);
    // A later mount covers an earlier one of the same place.
    if (within && point !== "" && point.length >= length) [best, length] = [system, point.length];
  }
  return best;
}
