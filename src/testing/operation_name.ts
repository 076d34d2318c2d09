/** Tells what a request of Upstash's REST protocol is about: the name of a script, or of a command. */

import { sha1 } from "../broker/redis/runner.ts";
import { SCRIPTS } from "../broker/redis/scripts/all.ts";

/** Knows scripts by their hashes, and learns those that it sees in full. */
export class OperationNames {
  readonly #bySha = new Map<string, string>();
  #known: Promise<void> | undefined;

  /**
   * Names what a request's body asks for: `exchange`, `push` and so on for the broker's scripts, a
   * command's name in lower case for anything else, `pipeline` for several at once.
   */
  async of(path: string, body: string): Promise<string> {
    if (/\/(pipeline|multi-exec)\/?$/.test(path)) return "pipeline";
    const command = commandOf(path, body);
    const name = String(command[0] ?? "").toLowerCase();
    if (name === "eval" || name === "eval_ro") return nameOf(String(command[1])) ?? name;
    if (name !== "evalsha" && name !== "evalsha_ro") return name;
    await (this.#known ??= this.#learn());
    return this.#bySha.get(String(command[1]).toLowerCase()) ?? name;
  }

  async #learn(): Promise<void> {
    for (const { name, source } of SCRIPTS) {
      for (const text of [source, LOCKING + source]) this.#bySha.set(await sha1(text), name);
    }
  }
}

/** What the broker puts in front of its scripts when it is told to lock keys only. */
const LOCKING = "#!lua flags=allow-key-locking\n";

function nameOf(text: string): string | undefined {
  return SCRIPTS.find(({ source }) => text.endsWith(source))?.name;
}

function commandOf(path: string, body: string): unknown[] {
  const words = path.split("/").filter((word) => word !== "");
  if (words.length > 0) return words;
  try {
    const command = JSON.parse(body);
    return Array.isArray(command) ? command : [];
  } catch {
    return [];
  }
}
