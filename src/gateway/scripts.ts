/** Scripts that ask for Upstash's key locking, which a plain Redis does not know. */

import { createHash } from "node:crypto";
import type { Catalog } from "./catalog.ts";
import { type Argument, type RedisCommand, word } from "./commands.ts";
import { keyGuard } from "./key_guard.ts";

const FLAG = "allow-key-locking";
const MAX_SCRIPTS = 1000;

/**
 * Takes Upstash's own flag out of scripts, as Redis refuses a script that has it, and puts in what
 * the flag means: a script that touches a key which it has not declared fails.
 *
 * That changes a script's hash, so EVALSHA is told the new one, and whoever loads a script is told
 * the old one. What it does not know, for example after a restart, Redis answers with NOSCRIPT, as
 * it would for any script it has not seen.
 */
export class LockingScripts {
  readonly #catalog: Catalog;
  readonly #shaOf: Map<string, string> = new Map();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Says whether the command holds a script with the flag: the catalog must be loaded for it. */
  concerns(command: RedisCommand): boolean {
    const script = scriptOf(command);
    return script !== undefined && script.startsWith("#!") && withoutFlag(script) !== undefined;
  }

  /** Gives the command to send in place of the one received. */
  translate(command: RedisCommand): RedisCommand {
    const script = scriptOf(command);
    if (script !== undefined) return this.#withoutFlag(command, script);
    if (this.#shaOf.size === 0) return command;
    if (command.name === "EVALSHA" || command.name === "EVALSHA_RO") {
      return { ...command, args: command.args.with(0, this.#sent(command.args[0] ?? "")) };
    }
    if (command.name === "SCRIPT" && word(command.args, 0) === "EXISTS") {
      const [subcommand, ...shas] = command.args;
      return { ...command, args: [subcommand!, ...shas.map((sha) => this.#sent(sha))] };
    }
    return command;
  }

  #sent(sha: Argument): Argument {
    return typeof sha === "string" ? this.#shaOf.get(sha.toLowerCase()) ?? sha : sha;
  }

  #withoutFlag(command: RedisCommand, script: string): RedisCommand {
    const parts = script.startsWith("#!") ? withoutFlag(script) : undefined;
    if (parts === undefined) return command;
    const guarded = parts.shebang + keyGuard(parts.code, this.#catalog) + parts.code;
    const sha = sha1(script);
    // Forgetting costs one NOSCRIPT; growing without bound would cost the process.
    if (this.#shaOf.size >= MAX_SCRIPTS) this.#shaOf.clear();
    this.#shaOf.set(sha, sha1(guarded));
    const index = command.name === "SCRIPT" ? 1 : 0;
    const args = command.args.with(index, guarded);
    return { ...command, args, ...(command.name === "SCRIPT" ? { answer: sha } : {}) };
  }
}

function scriptOf({ name, args }: RedisCommand): string | undefined {
  const loads = name === "SCRIPT" && word(args, 0) === "LOAD";
  if (!loads && name !== "EVAL" && name !== "EVAL_RO") return undefined;
  const script = args[loads ? 1 : 0];
  return typeof script === "string" ? script : undefined;
}

/**
 * Splits a script into a shebang that Redis takes and the code behind it; undefined for one without
 * the flag. A shebang with no flag left goes too: its line stays, so that error positions stay true.
 */
function withoutFlag(script: string): { shebang: string; code: string } | undefined {
  const end = script.indexOf("\n");
  const line = end === -1 ? script : script.slice(0, end);
  const words = line.split(/\s+/).map((part) => {
    if (!part.startsWith("flags=")) return part;
    const flags = part.slice("flags=".length).split(",");
    const kept = flags.filter((flag) => flag !== FLAG);
    if (kept.length === flags.length) return part;
    return kept.length === 0 ? "" : `flags=${kept.join(",")}`;
  });
  const kept = words.filter((part) => part !== "");
  if (kept.join(" ") === line.trim()) return undefined;
  if (kept.length === 1) return { shebang: "", code: script.slice(line.length) };
  return { shebang: `${kept.join(" ")}\n`, code: script.slice(line.length + 1) };
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
