import { assert, assertEquals } from "@std/assert";

Deno.test("Worker.run() keeps nothing of 100,000 messages, however they ended", async () => {
  const module = new URL("memory_process.ts", import.meta.url).href;
  const flags = ["--quiet", "--no-check", "--no-lock", "-A", "--v8-flags=--expose-gc"];
  const child = new Deno.Command(Deno.execPath(), {
    // Two thousand at a time: ten thousand to warm up, then a hundred thousand.
    args: ["run", ...flags, module, "5", "50"],
  });
  const { code, stdout, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const { before, after, settled } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(settled, 110_000);
  assert(after - before < 1024 * 1024, `the heap has grown by ${after - before} bytes`);
});
