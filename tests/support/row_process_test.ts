import { assertEquals } from "@std/assert";
import { ROOT } from "./project.ts";
import { runForRows } from "./row_process.ts";

/** Runs a program that is given as text. */
async function play(source: string, limitMs = 600_000) {
  const said: string[] = [];
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    return { ...await runForRows([file], { limitMs, say: (line) => said.push(line) }), said };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("runForRows() tells rows from what else is said, and runs in the project's root", async () => {
  const { rows, said, succeeded } = await play(`
    console.log("begun");
    console.log('{"figure":1}\\n' + Deno.cwd() + "/");
    await Deno.stdout.write(new TextEncoder().encode('{"figure":2}'));
  `);
  assertEquals([rows, succeeded], [[{ figure: 1 }, { figure: 2 }], true]);
  assertEquals([said[0], Deno.realPathSync(said[1]!)], ["begun", Deno.realPathSync(ROOT)]);
});

Deno.test("runForRows() keeps the rows of a process that fails, and says how it ended", async () => {
  const failed = await play(`console.log('{"figure":1}'); Deno.exit(3);`);
  const { rows, succeeded, ended } = failed;
  assertEquals([rows, succeeded, ended], [[{ figure: 1 }], false, "its process ended with 3"]);
  const killed = await play(`Deno.kill(Deno.pid, "SIGKILL"); await new Promise(() => {});`);
  assertEquals([killed.succeeded, killed.ended], [false, "its process ended with SIGKILL"]);
});

Deno.test({
  name: "runForRows() ends a process that hangs, with what it has started",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // The grandchild holds the output: without its end there would be no end of the lines.
    const { succeeded, ended } = await play(
      `
      new Deno.Command("sleep", { args: ["600"] }).spawn();
      setInterval(() => {}, 1_000);
    `,
      3_000,
    );
    assertEquals([succeeded, ended], [false, "it had not ended after 0.05 minutes"]);
  },
});
