/** Confirmed pushes: they resolve when replicas have them, too. */

import { NotConfirmedError } from "../../errors.ts";
import type { RedisClient } from "./client.ts";
import { Runner, type RunnerOptions } from "./runner.ts";

/** Says how many replicas must have a push, and how long to wait for them. */
export interface Confirmation {
  readonly replicas: number;
  readonly waitMs: number;
}

/** The longest time that a gateway holds a connection for it. */
const MAX_WAIT_MS = 10_000;
const MARK_MS = "60000";

/** Checks what was asked for; undefined where nothing was. Throws `TypeError`. */
export function resolveConfirmation(
  options: { readonly confirm?: "replicated"; readonly replicas?: number },
  { client, timeoutMs }: RunnerOptions,
): Confirmation | undefined {
  const { confirm, replicas = 1 } = options;
  if (confirm === undefined) {
    if (options.replicas === undefined) return undefined;
    throw new TypeError('Cannot use replicas alone: give confirm: "replicated" with it');
  }
  if (confirm !== "replicated") {
    throw new TypeError(`Cannot use confirm "${String(confirm)}": it can only be "replicated"`);
  }
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new TypeError(`Cannot use replicas ${replicas}: give a whole number from 1 on`);
  }
  if (client.series === undefined) {
    throw new TypeError(
      "Cannot confirm with this client: it has no series; give url and token, upstashClient, " +
        "or ioredisClient(redis)",
    );
  }
  // Half of a request's time: the script and the way need the rest.
  return { replicas, waitMs: Math.max(1, Math.min(MAX_WAIT_MS, Math.floor(timeoutMs / 2))) };
}

/** Makes a runner for pushes alone, which waits for replicas. */
export function confirmingRunner(options: RunnerOptions, confirmation: Confirmation): Runner {
  return new Runner({ ...options, client: confirming(options, confirmation) });
}

/** Makes a client for pushes alone: each of its scripts is followed by a wait for the replicas. */
function confirming(
  { client, keys }: RunnerOptions,
  { replicas, waitMs }: Confirmation,
): RedisClient {
  const tail = [
    // A push that comes again writes nothing, and Redis would wait for nothing: this is the last write.
    ["SET", keys.confirm, "1", "PX", MARK_MS],
    ["WAIT", String(replicas), String(waitMs)],
  ];
  const run = async (script: readonly string[]) => {
    const [reply, mark, count] = await client.series!([script, ...tail]);
    if (reply instanceof Error) throw reply;
    // Any other reply says that nothing was stored; whoever reads it says why.
    if (!Array.isArray(reply) || reply[0] !== "=push") return reply;
    const reached = mark instanceof Error ? mark : count;
    if (Number(reached) >= replicas) return reply;
    throw new NotConfirmedError(replicas, { reached, waitMs });
  };
  return {
    billed: client.billed,
    evalsha: (sha, names, args) => run(["EVALSHA", sha, String(names.length), ...names, ...args]),
    eval: (text, names, args) => run(["EVAL", text, String(names.length), ...names, ...args]),
  };
}
