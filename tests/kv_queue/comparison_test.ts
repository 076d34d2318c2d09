/** Plays the same cases on Deno KV itself and on its successor, each in a process of its own. */
import { assertEquals } from "@std/assert";

const program = new URL("./cases_process.ts", import.meta.url);

async function play(which: "deno" | "dabba", flags: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--no-check", ...flags, "-A", program.href, which],
    stdin: "null",
  }).output();
  const told = new TextDecoder().decode(stderr);
  assertEquals([code, code === 0 ? "" : told], [0, ""], which);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("openKv() does in all cases what Deno KV does", async () => {
  const [deno, dabba] = await Promise.all([play("deno", ["--unstable-kv"]), play("dabba", [])]);
  assertEquals(Object.keys(deno as object).length, 14);
  assertEquals(dabba, deno);
});
