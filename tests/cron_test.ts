/** Ticks: the platforms' own cron, its rules for names, and its way to stop. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Dabba, defineTask, denoCron, scheduled, tickOnce } from "@dabba/queue";
import { memoryBroker } from "@dabba/queue/testing";
import { z } from "zod";
import { ROOT } from "./support/project.ts";

const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => name);
const open = () => new Dabba({ broker: memoryBroker(), tasks: { greet } });

/** Runs a program with Deno's own cron, whose schedule this variable of Deno's tests shortens. */
const withCron = (program: string) => run(program, "--unstable-cron");

function run(program: string, ...flags: readonly string[]): Deno.ChildProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "--no-check", ...flags, "--ext=ts", "-"],
    cwd: ROOT,
    env: { DENO_CRON_TEST_SCHEDULE_OFFSET: "50", NO_COLOR: "1" },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  new Blob([program]).stream().pipeTo(child.stdin);
  return child;
}

const PROGRAM = (handler: string, cronName = "shop 1_a-B") => `
  import { Dabba, defineTask, denoCron } from "./mod.ts";
  import { memoryBroker } from "./src/testing/mod.ts";
  const input = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };
  const work = defineTask("work", { input }, ${handler});
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { work } });
  await dabba.tasks.work.enqueue("Ada");
  dabba.on("released", async (event) => console.log("handed back", event.task));
  console.log(denoCron(dabba, { cronName: "${cronName}", budget: "20s" }));`;

Deno.test("denoCron() drains at a tick of Deno's own cron", async () => {
  await using child = withCron(PROGRAM(`(name) => { console.log("Hello", name); Deno.exit(3) }`));
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, out, err], [3, "true\nHello Ada\n", ""]);
});

Deno.test("denoCron() hands back at SIGINT, and lets the process end by it", async () => {
  await using child = withCron(PROGRAM(`async (name, ctx) => {
    console.log("begun");
    await new Promise((_, reject) => {
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    });
  }`));
  let out = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!out.includes("begun") && (out + text).includes("begun")) child.kill("SIGINT");
    out += text;
  }
  const { signal } = await child.status;
  await child.stderr.cancel();
  assertStringIncludes(out, "begun\nhanded back work\n");
  assertEquals(signal, "SIGINT");
});

Deno.test("denoCron() without the flag gives false, and tells how to make it work", async () => {
  await using child = run(PROGRAM("() => {}", "a".repeat(64)));
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  assertEquals([code, out], [0, "false"]);
  assertStringIncludes(err!, 'aaa" will not run');
  assertStringIncludes(err!, "--unstable-cron");
  assertEquals(err!.split("\n").length, 1);
});

Deno.test("denoCron() and scheduled() refuse options that no tick could use, before the first one", async () => {
  await using dabba = open();
  for (const options of [{ budget: "soon" }, { max: 0 }, { concurrency: 0 }, { requests: 1 }]) {
    for (const make of [denoCron, scheduled]) {
      const error = assertThrows(() => make(dabba, options));
      assert(error instanceof TypeError || error instanceof RangeError);
    }
  }
});

Deno.test("denoCron() refuses a name that Deno's cron would refuse, where there is none", async () => {
  await using dabba = open();
  for (const cronName of ["", "a".repeat(65), "shop.1", "naïve", "a\nb"]) {
    assertThrows(() => denoCron(dabba, { cronName }), TypeError, "1 to 64 characters");
  }
});

Deno.test("scheduled() drains as cron triggers call it", async () => {
  await using dabba = open();
  const receipt = await dabba.tasks.greet.enqueue({ name: "Ada" });
  await scheduled(dabba, { budget: "5s" })({ cron: "* * * * *" }, {}, {});
  assertEquals(await receipt.result(), "Ada");
});

Deno.test("tickOnce() beside another one takes what that one has not", async () => {
  await using dabba = open();
  await dabba.tasks.greet.enqueueMany(Array.from({ length: 50 }, (_, i) => ({ name: `${i}` })));
  const ticks = await Promise.all([tickOnce(dabba), tickOnce(dabba), tickOnce(dabba)]);
  assertEquals(ticks.reduce((sum, { succeeded }) => sum + succeeded, 0), 50);
  assertEquals(ticks.map(({ lost }) => lost), [0, 0, 0]);
});
