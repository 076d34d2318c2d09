import { createHash } from "node:crypto";
import type { RedisCommand } from "./commands.ts";

const FLAG = "allow-key-locking";
const MAX_SCRIPTS = 1000;

/**
 * Takes Upstash's own script flag out of scripts, as Redis refuses a script that has it.
 *
 * That changes a script's hash, so EVALSHA is told the new one. What it does not know, for example
 * after a restart, Redis answers with NOSCRIPT, as it would for any script it has not seen.
 */
export class ScriptShebangs {
  readonly #shaOf: Map<string, string> = new Map();

  /** Gives the command to send in place of the one received. */
  translate(command: RedisCommand): RedisCommand {
    switch (command.name) {
      case "EVALSHA":
      case "EVALSHA_RO":
        return this.#withKnownSha(command);
      case "EVAL":
      case "EVAL_RO":
        return this.#withoutFlag(command, 0);
      case "SCRIPT":
        return command.args[0]?.toUpperCase() === "LOAD" ? this.#withoutFlag(command, 1) : command;
      default:
        return command;
    }
  }

  #withKnownSha(command: RedisCommand): RedisCommand {
    if (this.#shaOf.size === 0) return command;
    const known = this.#shaOf.get((command.args[0] ?? "").toLowerCase());
    return known === undefined ? command : replaceArg(command, 0, known);
  }

  #withoutFlag(command: RedisCommand, index: number): RedisCommand {
    const script = command.args[index];
    if (script === undefined || !script.startsWith("#!")) return command;
    const stripped = stripFlag(script);
    if (stripped === script) return command;
    // Forgetting costs one NOSCRIPT; growing without bound would cost the process.
    if (this.#shaOf.size >= MAX_SCRIPTS) this.#shaOf.clear();
    this.#shaOf.set(sha1(script), sha1(stripped));
    return replaceArg(command, index, stripped);
  }
}

/** A shebang with no flag left goes too: the line stays, so that error positions stay true. */
function stripFlag(script: string): string {
  const end = script.indexOf("\n");
  const line = end === -1 ? script : script.slice(0, end);
  const words = line.split(/\s+/).map((word) => {
    if (!word.startsWith("flags=")) return word;
    const flags = word.slice("flags=".length).split(",");
    if (!flags.includes(FLAG)) return word;
    const kept = flags.filter((flag) => flag !== FLAG);
    return kept.length === 0 ? "" : `flags=${kept.join(",")}`;
  });
  const kept = words.filter((word) => word !== "");
  if (kept.join(" ") === line.trim()) return script;
  return (kept.length === 1 ? "" : kept.join(" ")) + script.slice(line.length);
}

function replaceArg(command: RedisCommand, index: number, value: string): RedisCommand {
  return { name: command.name, args: command.args.with(index, value) };
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
