/** Plain commands, which need no script; no part of a producer. */

import type { Operation, Runner } from "./runner.ts";

/** Runs a plain command; undefined where the client can run none. */
export async function runCommand<Result>(
  runner: Runner,
  command: readonly [string, ...string[]],
  { read, ...operation }: Operation & { readonly read: (reply: unknown) => Result },
): Promise<Result | undefined> {
  const { client } = runner;
  if (client.command === undefined) return undefined;
  return await runner.persist(operation, async () => read(await client.command!(...command)));
}
