/** Holds the SQLite broker to the brokers' contract outside of Deno, and prints what came of it. */
// deno-lint-ignore-file no-console -- it answers on its output
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { brokerContract } from "../broker/contract/contract.ts";
import { openFile, openMemory } from "../broker/sqlite/harness.ts";
import type { Outcome } from "./suite.ts";

const tests: { readonly name: string; readonly fn: () => Promise<void> }[] = [];

// What the contract and its harness use of Deno, and no more.
Object.assign(globalThis, {
  Deno: {
    inspect: (value: unknown) => inspect(value, { depth: Infinity }),
    makeTempDir: ({ prefix }: { prefix: string }) => mkdtemp(join(tmpdir(), prefix)),
    remove: (path: string) => rm(path, { recursive: true }),
    test: (name: string, fn: () => Promise<void>) => void tests.push({ name, fn }),
  },
});

brokerContract("sqlite in memory", openMemory);
brokerContract("sqlite in a file", openFile);

const outcomes: Outcome[] = [];
for (const { name, fn } of tests) {
  try {
    await fn();
    outcomes.push({ check: name });
  } catch (error) {
    outcomes.push({ check: name, error: error instanceof Error ? error.stack ?? "" : `${error}` });
  }
}
console.log(JSON.stringify(outcomes));
