/** Reads from Redis how long its scripts ran. */

import type { Redis } from "ioredis";

/** The scripts that push have no name that Redis tells, but fewer keys than an exchange. */
const EXCHANGE_KEYS = 7;

/** Gives the microseconds of each exchange that an act has made. */
export async function scriptTimes(redis: Redis, act: () => Promise<unknown>): Promise<number[]> {
  await redis.config("SET", "slowlog-log-slower-than", "0");
  await redis.call("SLOWLOG", "RESET");
  await act();
  await redis.config("SET", "slowlog-log-slower-than", "-1");
  const entries = await redis.call("SLOWLOG", "GET", "-1") as SlowEntry[];
  return entries.filter(([, , , [name, , keys]]) =>
    name?.toLowerCase().startsWith("eval") && Number(keys) >= EXCHANGE_KEYS
  ).map(([, , micros]) => Number(micros));
}

type SlowEntry = [id: number, at: number, micros: number, command: string[]];
