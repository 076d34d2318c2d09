/**
 * Holds what the design says of the code's shape: which way imports point, how long files grow,
 * what they are called. A rule that makes the code worse is changed here, with the reason.
 */
import { assertEquals } from "@std/assert";
import { runLikeWorkerd } from "./support/like_workerd.ts";
import { ROOT } from "./support/project.ts";
import { readSources, type SourceFile, staticGraph } from "./support/source_tree.ts";

const published = await readSources("mod.ts", "src");
const ours = [...published, ...await readSources("tests", "examples")];

/** Fails with every place that breaks a rule, not with the first. */
function assertNone(broken: readonly string[]): void {
  assertEquals(broken, []);
}

/** Places where a file that `from` matches imports what `what` matches, by target or specifier. */
function importing(
  from: (path: string) => boolean,
  what: (target: string) => boolean,
  files: readonly SourceFile[] = published,
): string[] {
  return files.filter(({ path }) => from(path)).flatMap(({ path, imports }) =>
    imports.filter(({ target }) => what(target)).map(({ target }) => `${path} imports ${target}`)
  );
}

/** Places where a file that `from` matches has a line that the pattern matches. */
function lines(pattern: RegExp, files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => pattern.test(line) ? [`${path}:${index + 1}`] : [])
  );
}

const inside = (...folders: string[]) => (path: string) =>
  folders.some((folder) => path.startsWith(`${folder}/`));
const outside = (...folders: string[]) => (path: string) => !inside(...folders)(path);
const oneOf = (...paths: string[]) => (path: string) => paths.includes(path);
const packageNamed = (name: string) => (target: string) =>
  target === name || target.startsWith(`${name}/`);

/** What users hold: it stands above the worker and the broker, which must not know of it. */
const front = (path: string) =>
  oneOf(
    ...["mod.ts", "src/bound_tasks.ts", "src/coalescer.ts", "src/dabba.ts", "src/decorators.ts"],
    ...["src/enqueuer.ts", "src/kick.ts", "src/receipt.ts"],
  )(path) || inside("src/hono", "src/kv_queue", "src/producer", "src/testing")(path);

const contract = (path: string) => /^src\/broker\/[^/]+$/.test(path);

/** From, to, and why not. */
const directions: [string, (path: string) => boolean, (target: string) => boolean][] = [
  [
    "the worker knows nothing of what stands above it, nor of a broker's inside",
    inside("src/worker"),
    (to) => front(to) || inside("src/broker/redis", "src/broker/sqlite", "src/gateway")(to),
  ],
  [
    "the broker's contract knows no broker, no worker and nothing above",
    contract,
    (to) => front(to) || inside("src/broker/redis", "src/broker/sqlite", "src/worker")(to),
  ],
  [
    "the Redis broker knows no other broker, no worker and nothing above",
    inside("src/broker/redis"),
    (to) => front(to) || inside("src/broker/sqlite", "src/worker", "src/gateway")(to),
  ],
  [
    "the SQLite broker knows no other broker, no worker and nothing above",
    inside("src/broker/sqlite"),
    (to) => front(to) || inside("src/broker/redis", "src/worker", "src/gateway")(to),
  ],
  [
    "messages and retry policies know no broker, no worker and nothing above",
    inside("src/message", "src/retry"),
    (to) => front(to) || inside("src/broker", "src/worker", "src/gateway")(to),
  ],
  [
    "the gateway stands by itself",
    inside("src/gateway"),
    (to) => to === "mod.ts" || (to.startsWith("src/") && outside("src/gateway")(to)),
  ],
  [
    "nothing published needs the gateway",
    outside("src/gateway"),
    inside("src/gateway"),
  ],
  [
    "Hono is known to src/hono only",
    outside("src/hono"),
    (to) => packageNamed("hono")(to) || inside("src/hono")(to),
  ],
  [
    "the Upstash client is known to src/broker/redis only",
    outside("src/broker/redis"),
    packageNamed("@upstash/redis"),
  ],
  [
    "node:sqlite is known to src/broker/sqlite only",
    outside("src/broker/sqlite"),
    packageNamed("node:sqlite"),
  ],
  ["devalue is known to src/kv_queue only", outside("src/kv_queue"), packageNamed("devalue")],
  ["ioredis is known to src/gateway only", outside("src/gateway"), packageNamed("ioredis")],
  ["zod is for tests and examples: any Standard Schema will do", () => true, packageNamed("zod")],
  [
    "published code needs nothing of JSR, and names packages by deno.json only",
    () => true,
    (to) => /^(jsr:|npm:|https?:|@std\/)/.test(to),
  ],
  [
    "published code needs no test and no example",
    () => true,
    inside("tests", "examples"),
  ],
];

for (const [rule, from, to] of directions) {
  Deno.test(`imports: ${rule}`, () => assertNone(importing(from, to)));
}

/** What must start on any runtime. */
const ANYWHERE = ["mod.ts", "src/testing/mod.ts", "src/kv_queue/mod.ts"];

for (const entry of ANYWHERE) {
  Deno.test(`imports: what ${entry} loads runs on any runtime, without node: modules`, () => {
    const graph = staticGraph(published, entry);
    const native = (to: string) => to.startsWith("node:") || inside("src/broker/sqlite")(to);
    const loads = graph.map((file) => ({
      ...file,
      imports: file.imports.filter(({ dynamic }) => !dynamic),
    }));
    assertNone(importing(() => true, native, loads));
  });
}

for (const entry of ANYWHERE) {
  Deno.test(`${entry} loads as on workerd: no timer, fetch, random number or permission`, async () => {
    const graph = staticGraph(published, entry);
    // While a file is yet to be written, the type check tells which.
    if (graph.length === 0 || missingFrom(graph).length > 0) return;
    const url = new URL(`../${entry}`, import.meta.url).href;
    const { code, complaints } = await runLikeWorkerd(
      `if (Object.keys(await import("${url}")).length === 0) throw 1;`,
    );
    assertEquals([code, complaints], [0, ""]);
  });
}

function missingFrom(graph: readonly SourceFile[]): string[] {
  const present = new Set(graph.map(({ path }) => path));
  return graph.flatMap(({ imports }) =>
    imports.filter(({ target, dynamic }) => !dynamic && target.startsWith("src/"))
      .map(({ target }) => target)
  ).filter((target) => !present.has(target));
}

Deno.test("files have at most 400 lines, in src/worker at most 220", () => {
  const tooLong = ours.flatMap(({ path, text }) => {
    const count = text.split("\n").length - 1;
    const limit = inside("src/worker")(path) ? 220 : 400;
    return count > limit ? [`${path} has ${count} lines, the limit is ${limit}`] : [];
  });
  assertNone(tooLong);
});

Deno.test("files are named in snake_case, after what they hold", () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|types|index)(_test)?(\.tsx?|\/)/;
  const misnamed = ours.map(({ path }) => path).filter((path) =>
    vague.test(path) || !/^([a-z0-9]+(_[a-z0-9]+)*\/)*[a-z0-9]+(_[a-z0-9]+)*\.tsx?$/.test(path)
  );
  assertNone(misnamed);
});

Deno.test("published modules have no default export and no enum", () => {
  assertNone(lines(/^export default\b/, published));
  assertNone(lines(/^(export )?(declare )?(const )?enum\b/, published));
});

/** Finds secrets that an operator compares, but for those with a literal or at the start. */
const COMPARED =
  /\b\w*(secret|token|password|digest|bearer)\w*(\[\w+\])?!? [!=]==? (?!undefined|")/i;
const COMPARED_BACK = /\b(?!undefined)[\w\])]+!? [!=]==? \w*(secret|token|password|digest|bearer)/i;

Deno.test("no secret is compared by an operator, whose time tells how far it was right", () => {
  for (
    const planted of ["sent === token", "secret !== given", "this.#secrets[0] == a", "b == token!"]
  ) {
    assertEquals(COMPARED.test(planted) || COMPARED_BACK.test(planted), true, planted);
  }
  const files = published.filter(({ path }) => inside("src/hono", "src/gateway")(path));
  // The gateway's own two tokens, before anything was sent.
  const own = '(readOnlyToken === "" || readOnlyToken === token)';
  const others = files.map((file) => ({ ...file, text: file.text.replace(own, "()") }));
  assertNone([...lines(COMPARED, others), ...lines(COMPARED_BACK, others)]);
});

Deno.test("nothing is left to do in a comment", () => {
  // In two parts, so that this line is not one of them.
  assertNone(lines(new RegExp(`\\b(${"TO"}DO|${"FIX"}ME|X${"XX"})\\b`), ours));
});

Deno.test("no test runs alone, and one that is ignored says why", () => {
  const tests = ours.filter(({ path }) => inside("tests", "examples")(path));
  assertNone(lines(/\bDeno\.test\.only\(|\b(it|describe)\.only\(|^\s*only: true/, tests));
  const silent = tests.flatMap(({ path, text }) => {
    const all = text.split("\n");
    return all.flatMap((line, index) => {
      const ignored = /^\s*(Deno\.test|it|describe)\.ignore\(|^\s*ignore: true/.test(line);
      const told = line.includes("//") || (all[index - 1] ?? "").trimStart().startsWith("//");
      return ignored && !told ? [`${path}:${index + 1}`] : [];
    });
  });
  assertNone(silent);
});

Deno.test("packages that would run something when installed are named, so that nobody is warned", async () => {
  const [config, lock] = await Promise.all(
    ["deno.json", "deno.lock"].map(async (name) =>
      JSON.parse(await Deno.readTextFile(ROOT + name))
    ),
  );
  const packages: [string, { readonly scripts?: boolean }][] = Object.entries(lock.npm);
  const running = packages.filter(([, { scripts }]) => scripts);
  const names = new Set(running.map(([name]) => `npm:${name.replace(/(?<=.)@.*/, "")}`));
  const { allow, deny }: Record<"allow" | "deny", string[]> = config.allowScripts;
  assertEquals([allow, [...names].sort()], [[], deny.toSorted()]);
});
