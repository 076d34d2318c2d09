/** Runs one metric in this process; `main.ts` starts it, and reads the rows that it writes. */
// deno-lint-ignore-file no-console -- its output is read by main.ts
import { type Metric, type Row, unmeasured } from "./metric.ts";

const [name, form] = Deno.args;
const module = await import(new URL(`metrics/${name}.ts`, import.meta.url).href);
const metric: Metric = module.metric;

async function run(): Promise<{ readonly rows: Row[]; readonly code: number }> {
  const scale = { short: form === "--short", say: (text: string) => console.log(`- ${text}`) };
  try {
    return { rows: await metric.run(scale), code: 0 };
  } catch (error) {
    console.error(error);
    const [reason] = String(error).split("\n");
    return { rows: [unmeasured(metric.title, `failed: ${reason}`)], code: 1 };
  }
}

const { rows, code } = await run();
for (const row of rows) console.log(JSON.stringify(row));
Deno.exit(code);
