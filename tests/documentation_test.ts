/** What is documented, for JSR and for readers: every entry point, every function, by examples. */
import { assertEquals } from "@std/assert";
import { ROOT } from "./support/project.ts";

interface Declaration {
  readonly kind: string;
  readonly jsDoc?: unknown;
}

interface Documented {
  readonly nodes: Record<string, {
    readonly module_doc?: unknown;
    readonly symbols: readonly {
      readonly name: string;
      readonly declarations: readonly Declaration[];
    }[];
  }>;
}

const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
const entries = Object.values<string>(exports);

/** Functions whose example needs what a test cannot bring: it is checked, but not run. */
const NOT_RUN = ["ioredisClient"];

async function documentationOf(entry: string): Promise<Documented> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", "--json", entry],
    ...{ cwd: ROOT, stdout: "piped", stderr: "null" },
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

const holds = (doc: unknown, pattern: RegExp) => pattern.test(JSON.stringify(doc ?? ""));

for (const entry of entries) {
  Deno.test(`documentation: ${entry} says what it is for, and shows each function at work`, async () => {
    const { nodes } = await documentationOf(entry);
    const modules = Object.values(nodes);
    assertEquals(modules.length, 1);
    assertEquals(holds(modules[0]!.module_doc, /```ts/), true, "an example for the module");
    const functions = modules[0]!.symbols.filter(({ declarations }) =>
      declarations.some(({ kind }) => kind === "function")
    );
    const unshown = functions.filter(({ name, declarations }) => {
      const run = declarations.some(({ jsDoc }) => holds(jsDoc, /```ts(?! ignore)/));
      return !run && !NOT_RUN.includes(name);
    });
    assertEquals(unshown.map(({ name }) => name), []);
  });
}
