/** Runs one check of the rig in this process; `main.ts` starts it, and reads what it writes. */
// deno-lint-ignore-file no-console -- its output is read by main.ts
import type { Check, Outcome } from "./check.ts";

const { file, full, seed } = JSON.parse(Deno.args[0]!) as {
  file: string;
  full: boolean;
  seed: number;
};
const { check } = await import(new URL(`checks/${file}`, import.meta.url).href) as { check: Check };
const name = `${check.id} ${check.title}`;
const { goal } = check;

// Should this process die, it is known what it was about.
console.log(JSON.stringify({ check: name, figure: "", goal, met: false }));
const { figure, met } = await check.run({ full, seed, say: (text) => console.log(`- ${text}`) })
  .catch((error): Outcome => {
    console.error(error);
    const [reason] = String(error).split("\n");
    return { figure: `it failed: ${reason}`, met: false };
  });
console.log(JSON.stringify({ check: name, figure, goal, met }));
// A redis-server that a module started for its tests would keep this process; unloading ends it.
Deno.exit(0);
