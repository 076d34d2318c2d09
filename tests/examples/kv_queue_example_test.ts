/** Runs examples/kv_queue.ts as its first line says, types checked. */
import { assertEquals } from "@std/assert";

const example = new URL("../../examples/kv_queue.ts", import.meta.url);

Deno.test("examples/kv_queue.ts delivers at its third attempt, and finds what was not delivered", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dabba-kv-example-" });
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--no-lock", "-A", example.href, `${folder}/queue.db`],
      ...{ env: { NO_COLOR: "1" }, stdin: "null" },
    }).output();
    const said = new TextDecoder().decode(stdout).trim().split("\n");
    const wanted = [
      "alovelace, of 1843, at attempt 3",
      "Undelivered: to nobody, since no such address",
    ];
    assertEquals([code, said], [0, wanted]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
