import { assertEquals, assertStringIncludes } from "@std/assert";

const SOURCE = new URL("../src/", import.meta.url).href;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly files: readonly string[];
}

/** Runs a program in an empty folder, with an environment of its own. */
async function run(
  program: string,
  env: Record<string, string> = {},
  permissions: readonly string[] = ["-A"],
): Promise<Outcome> {
  const cwd = await Deno.makeTempDir({ prefix: "dabba-default-" });
  try {
    const path = Deno.env.get("PATH") ?? "";
    const dir = Deno.env.get("DENO_DIR");
    const config = new URL("../deno.json", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--no-lock",
        "--config",
        config,
        "--no-prompt",
        ...permissions,
        "--ext=ts",
        "-",
      ],
      env: {
        PATH: path,
        HOME: Deno.env.get("HOME") ?? cwd,
        ...(dir ? { DENO_DIR: dir } : {}),
        ...env,
      },
      ...{ cwd, clearEnv: true, stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    await new Blob([program]).stream().pipeTo(child.stdin);
    const { code, stdout, stderr } = await child.output();
    const out = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const files = [...Deno.readDirSync(cwd)].map(({ name }) => name);
    return { code, out: out.trim(), files };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

const CHOOSE = `
  const { defaultBroker } = await import("${SOURCE}default_broker.ts");
  try {
    console.log(defaultBroker().kind);
  } catch (error) {
    console.log(error.code ?? error.name, error.message);
  }`;

const REST = { UPSTASH_REDIS_REST_URL: "https://a.example", UPSTASH_REDIS_REST_TOKEN: "secret" };
const KV = { KV_REST_API_URL: "https://a.example", KV_REST_API_TOKEN: "secret" };

const chosen: [string, Record<string, string>, string][] = [
  ["SQLite where nothing is set", {}, "sqlite"],
  ["Redis where its variables are set", REST, "redis"],
  ["Redis by the variables of Vercel", KV, "redis"],
  ["Redis by one pair where the other is empty", { ...KV, UPSTASH_REDIS_REST_URL: "" }, "redis"],
];

for (const [what, env, kind] of chosen) {
  Deno.test(`defaultBroker() chooses ${what}, and touches no file`, async () => {
    assertEquals(await run(CHOOSE, env), { code: 0, out: kind, files: [] });
  });
}

/** Programs that begin by looking like a runtime that keeps no files. */
const edges: [string, string, Record<string, string>][] = [
  ["Cloudflare", `delete globalThis.Deno; delete globalThis.process;`, {}],
  [
    "Cloudflare that gives itself out for Node",
    `delete globalThis.Deno;
     globalThis.process = { versions: { node: "22.0.0" }, env: {} };
     Object.defineProperty(navigator, "userAgent", { value: "Cloudflare-Workers" });`,
    {},
  ],
  ["Deno Deploy", "", { DENO_DEPLOYMENT_ID: "abc" }],
  ["Deno Deploy while it builds", "", { DENO_DEPLOY: "true" }],
];

for (const [what, disguise, env] of edges) {
  Deno.test(`defaultBroker() names both ways out on ${what}`, async () => {
    const { code, out } = await run(disguise + CHOOSE, env);
    assertEquals(code, 0);
    assertStringIncludes(out, "no_broker");
    assertStringIncludes(out, "UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
    assertStringIncludes(out, "redisBroker({ url, token })");
  });
}

for (const name of ["UPSTASH_REDIS_REST_TOKEN", "KV_REST_API_TOKEN"]) {
  Deno.test(`defaultBroker() takes no file for a Redis of which ${name} alone is set`, async () => {
    const { out, files } = await run(CHOOSE, { [name]: "secret" });
    assertStringIncludes(out, "TypeError Cannot make a Redis client: url is missing");
    assertEquals(files, []);
  });
}

Deno.test("defaultBroker() does not repeat a token that it cannot use", async () => {
  const { out } = await run(CHOOSE, { ...REST, UPSTASH_REDIS_REST_URL: "secret-url" });
  assertStringIncludes(out, "TypeError");
  assertEquals(out.includes("secret"), false);
});

Deno.test("new Dabba() without a broker keeps its messages in dabba.db, from the first call on", async () => {
  const { code, out, files } = await run(`
    const { Dabba, defineTask } = await import("${SOURCE}../mod.ts");
    const input = { "~standard": { version: 1, vendor: "t", validate: (value) => ({ value }) } };
    const dabba = new Dabba({ tasks: { a: defineTask("a", { input }, (n) => n * 2) } });
    const { existsSync } = await import("node:fs");
    console.log(existsSync("dabba.db"));
    const receipt = await dabba.tasks.a.enqueue(21);
    await dabba.worker().drain();
    console.log(await receipt.result(), (await dabba.inspect.stats()).dead);
    await dabba.close();`);
  assertEquals([code, out], [0, "false\n42 0"]);
  assertEquals(files, ["dabba.db"]);
});

Deno.test("defaultBroker() takes no file where it may not see whether Redis is set", async () => {
  const { out, files } = await run(CHOOSE, REST, ["--allow-read", "--allow-write"]);
  assertStringIncludes(out, "no_broker Cannot choose a broker");
  assertStringIncludes(out, "--allow-env");
  assertEquals(files, []);
});

Deno.test("defaultBroker() says which permission its file needs", async () => {
  const push = `
    const { defaultBroker } = await import("${SOURCE}default_broker.ts");
    await defaultBroker().stats().catch((error) => console.log(error.message));`;
  const { out } = await run(push, {}, ["--allow-env", "--allow-import"]);
  assertStringIncludes(out, "run it with --allow-read and --allow-write");
});
