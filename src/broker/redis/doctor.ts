/** Asks Redis about itself: what could cost messages, and what to do about it. */

import type { Diagnosis } from "../broker.ts";
import type { Confirmation } from "./confirm.ts";
import { asBrokerError } from "./errors.ts";
import { runCommand } from "./command.ts";
import type { Runner } from "./runner.ts";

type Info = ReadonlyMap<string, string>;

/** The part of its memory from which on a store counts as nearly full. */
const NEARLY = 0.9;

/** Examines a Redis; an outage rejects, a refusal is a finding. */
export async function examineRedis(
  runner: Runner,
  confirmation: Confirmation | undefined,
): Promise<Diagnosis[]> {
  const info = await askInfo(runner, ["INFO"]);
  if (info === undefined || info.size === 0) {
    return [note(
      "Redis does not tell about itself (INFO): look at its persistence, its " +
        "maxmemory-policy and its replicas by hand",
    )];
  }
  return [
    ...ofPersistence(info),
    ...ofMemory(info),
    ...ofReplication(info, confirmation),
    ...ofVersion(info),
  ];
}

/** Says for how many milliseconds a Redis has been up; an outage rejects, a refusal tells nothing. */
export async function uptimeOf(runner: Runner): Promise<number | undefined> {
  const info = await askInfo(runner, ["INFO", "server"]);
  const seconds = Number(info?.get("uptime_in_seconds") ?? NaN);
  return Number.isNaN(seconds) ? undefined : seconds * 1_000;
}

async function askInfo(
  runner: Runner,
  command: readonly [string, ...string[]],
): Promise<Info | undefined> {
  const operation = "ask Redis about itself";
  try {
    return await runCommand(runner, command, { read: parseInfo, operation });
  } catch (thrown) {
    const error = asBrokerError(operation, thrown);
    if ("retryable" in error && error.retryable && !("unknown" in error && error.unknown)) {
      throw error;
    }
    return undefined;
  }
}

/** Reads what `INFO` answers. */
function parseInfo(reply: unknown): Info {
  const lines = typeof reply === "string" ? reply.split(/\r?\n/) : [];
  return new Map(lines.flatMap((line) => {
    const at = line.indexOf(":");
    return at > 0 && line[0] !== "#" ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  }));
}

const danger = (text: string): Diagnosis => ({ level: "danger", text });
const warning = (text: string): Diagnosis => ({ level: "warning", text });
const note = (text: string): Diagnosis => ({ level: "note", text });

function ofPersistence(info: Info): Diagnosis[] {
  const found: Diagnosis[] = [];
  switch (info.get("aof_enabled")) {
    case "1":
      break;
    case undefined:
      found.push(
        note("Redis does not tell whether it writes to disk; look at its provider's word"),
      );
      break;
    default:
      found.push(danger(
        "Redis keeps no append-only file: a crash loses all that came since its last snapshot, or " +
          "everything; set appendonly yes",
      ));
  }
  if (info.get("aof_last_write_status") === "err") {
    found.push(danger("Redis cannot write its append-only file; see its log, and its disk"));
  }
  if (info.get("rdb_last_bgsave_status") === "err") {
    found.push(warning("Redis could not save its last snapshot; see its log, and its disk"));
  }
  return found;
}

function ofMemory(info: Info): Diagnosis[] {
  const policy = info.get("maxmemory_policy");
  const [most, used] = [Number(info.get("maxmemory")), Number(info.get("used_memory"))];
  const found: Diagnosis[] = [];
  if (policy === undefined) {
    found.push(note("Redis does not tell what it does when full; make sure that eviction is off"));
  } else if (policy !== "noeviction") {
    found.push(danger(
      `Redis deletes keys when its memory is full (${policy}), messages among them; set ` +
        "maxmemory-policy noeviction",
    ));
  }
  if (most > 0 && used >= NEARLY * most) {
    const part = Math.round(100 * used / most);
    found.push(warning(`Redis is ${part} % full: raise maxmemory, or let workers catch up`));
  }
  return found;
}

function ofReplication(info: Info, confirmation: Confirmation | undefined): Diagnosis[] {
  const role = info.get("role");
  if (role === "slave") {
    return [danger("This Redis is a replica and takes no writes; use the URL of its primary")];
  }
  if (confirmation === undefined) return [];
  const { replicas } = confirmation;
  const there = info.get("connected_slaves");
  if (there === undefined) {
    return [note(`Redis does not tell how many replicas it has; confirm wants ${replicas}`)];
  }
  if (Number(there) >= replicas) return [];
  return [danger(
    `Redis has ${there} replicas, confirm wants ${replicas}: no enqueue will be confirmed; ` +
      "attach replicas, or leave confirm off",
  )];
}

function ofVersion(info: Info): Diagnosis[] {
  if (info.has("valkey_version")) return [];
  const version = info.get("redis_version");
  const [major, minor] = (version ?? "").split(".").map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major)) {
    return [note("Redis does not tell its version; Dabba is tested with 7.0")];
  }
  if (major >= 7) return [];
  if (major === 6 && minor >= 2) {
    return [
      warning(`Redis ${version} is old, Dabba is tested with 7.0; bring it up to 7 or later`),
    ];
  }
  return [danger(`Redis ${version} is older than any that Dabba is meant for; bring it up to 7`)];
}
