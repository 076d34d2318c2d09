/** Looks at a Redis before it is served: what should be set otherwise for data that must last. */

import type { Pool } from "./pool.ts";

/** Says what a gateway's Redis is. */
export interface RedisSurvey {
  /** Its name and version, such as `Redis 7.0.15`. */
  readonly server: string;
  /** What may cost data, a sentence each. */
  readonly warnings: readonly string[];
}

/** Asks Redis about itself. */
export async function survey(pool: Pool): Promise<RedisSurvey> {
  const reply = await pool.send({ name: "INFO", args: [] });
  const info = new Map<string, string>();
  for (const line of String(reply).split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) info.set(line.slice(0, at), line.slice(at + 1));
  }
  const valkey = info.get("valkey_version");
  return {
    server: valkey === undefined
      ? `Redis ${info.get("redis_version") ?? "of an unknown version"}`
      : `Valkey ${valkey}`,
    warnings: warningsOf(info),
  };
}

function warningsOf(info: ReadonlyMap<string, string>): string[] {
  const warnings: string[] = [];
  if (info.get("aof_enabled") === "0") {
    warnings.push(
      "Redis keeps no append-only file, a crash loses the latest writes: set appendonly yes",
    );
  }
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction") {
    warnings.push(
      `Redis deletes keys when its memory is full (${policy}): set maxmemory-policy noeviction`,
    );
  }
  if (info.get("role") === "slave") {
    warnings.push("Redis is a replica and takes no writes: use the URL of its primary");
  }
  return warnings;
}
