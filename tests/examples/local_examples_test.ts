/** Runs the examples that need nothing but a folder. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hc } from "hono/client";
import type { App } from "../../examples/rpc_client.ts";
import { ROOT } from "../support/project.ts";
import { readSources } from "../support/source_tree.ts";
import { ExampleProcess } from "./example_process.ts";

Deno.test("examples/start.ts runs a task, and ends", async () => {
  await using example = await ExampleProcess.start("start.ts");
  assertEquals(await example.ended(), { code: 0, said: "Sent to ada@example.com\n" });
});

Deno.test("examples/split: one program enqueues by the contract, another runs it", async () => {
  const cwd = await Deno.makeTempDir({ prefix: "dabba-split-" });
  try {
    await using producer = await ExampleProcess.start("split/producer.ts", { cwd });
    const [, id] = await producer.says(/^Enqueued ([\w-]+):/m);
    assertEquals((await producer.ended()).code, 0);
    await using worker = await ExampleProcess.start("split/worker.ts", { cwd });
    const said = `image.thumbnail ${id} is done\n1 done\n`;
    assertEquals(await worker.ended(), { code: 0, said });
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("examples/split: the producer imports nothing of the handler's", async () => {
  const files = await readSources("examples");
  const [producer, contracts] = ["producer", "contracts"].map((name) =>
    files.find(({ path }) => path === `examples/split/${name}.ts`)!.imports
  );
  assertEquals(producer!.map(({ target }) => target).sort(), [
    "examples/split/contracts.ts",
    "mod.ts",
  ]);
  assertEquals(contracts!.map(({ target }) => target).sort(), ["mod.ts", "zod"]);
});

Deno.test("examples/worker.ts serves its queues, and hands back what runs when it is stopped", async () => {
  await using example = await ExampleProcess.start("worker.ts");
  await example.says(/Mail to ada@example.com/);
  await example.says(/Mail to grace@example.com/);
  await example.says(/Report 2030-01, attempt 1/);
  example.kill("SIGTERM");
  const { code, said } = await example.ended();
  assertEquals(code, 0);
  assertStringIncludes(said, "Handed back report.build: no attempt was spent");
  assertMatch(said, /2 done, 1 handed back\n$/);
});

Deno.test("examples/rpc_client.ts calls the app, and reads the output", async () => {
  await using example = await ExampleProcess.start("rpc_client.ts");
  const said = 'succeeded { messageId: "<1@example.com>" }\n';
  assertEquals(await example.ended(), { code: 0, said });
});

Deno.test("The compiler finds mistakes of a client of examples/rpc_client.ts", () => {
  assertEquals(mistakes.name, "mistakes");
});

/** Is compiled, never run. */
async function mistakes(): Promise<void> {
  const client = hc<App>("http://localhost");
  // @ts-expect-error A number is no text.
  await client.welcome.$post({ json: { email: 7 } });
  // @ts-expect-error The task takes no name.
  await client.welcome.$post({ json: { name: "Ada" } });
  // @ts-expect-error The input is missing.
  await client.welcome.$post();
  // @ts-expect-error There is no such route.
  await client.goodbye.$post({ json: { email: "ada@example.com" } });
  const asked = await client.welcome.$post({ json: { email: "ada@example.com" } });
  // @ts-expect-error It may be a refusal.
  (await asked.json()).id;
  const found = await client.dabba.messages[":id"].$get({ param: { id: "a" } });
  if (!found.ok) return;
  // @ts-expect-error There is no such state.
  (await found.json()).state === "done";
}

Deno.test("Every example begins with the command that runs it", async () => {
  const files = await readSources("examples");
  const examples = files.filter(({ path }) => !path.startsWith("examples/demo/"));
  assertEquals(examples.length > 10, true);
  const without = examples.filter(({ text }) =>
    !/^(\/\/ |\/\*\*).*\b(deno|vercel|docker|node|bun|wrangler)\b/.test(text)
  );
  assertEquals(without.map(({ path }) => path), []);
});

Deno.test("The README lists every example", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const listed = [...readme.matchAll(/\]\(examples\/([\w.]+)/g)].map(([, name]) => name!);
  const examples = [...Deno.readDirSync(`${ROOT}examples`)].map(({ name }) => name);
  assertEquals([...new Set(listed)].sort(), examples.sort());
});
