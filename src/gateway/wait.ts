/** WAIT and WAITAOF: they hold up a connection, and count the writes of that connection alone. */

import type { RedisCommand } from "./commands.ts";

/** Where each has its timeout among its arguments. */
const TIMEOUT_AT: Readonly<Record<string, number>> = { WAIT: 1, WAITAOF: 2 };

/** The longest wait that a request may ask for. */
export const MAX_WAIT_MS = 10_000;

/** Says whether a command waits for the writes before it to be replicated or on disk. */
export function waits({ name }: RedisCommand): boolean {
  return Object.hasOwn(TIMEOUT_AT, name);
}

/** Says for how long at most, in milliseconds; what is missing or no number is `NaN`. */
export function waitTimeout({ name, args }: RedisCommand): number {
  const timeout = args[TIMEOUT_AT[name] ?? args.length];
  return typeof timeout === "string" && /^\d+$/.test(timeout) ? Number(timeout) : NaN;
}

/**
 * Says why a wait at the end of a pipeline is not passed on, or nothing if it is. One without end,
 * which Redis knows as 0, would hold its connection for as long as a replica is away.
 */
export function waitRefusal(command: RedisCommand): string | undefined {
  const timeout = waitTimeout(command);
  if (timeout >= 1 && timeout <= MAX_WAIT_MS) return undefined;
  return `ERR '${command.name}' needs a timeout of 1 to ${MAX_WAIT_MS} milliseconds`;
}
