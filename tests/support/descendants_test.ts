import { assertEquals } from "@std/assert";
import { descendantsOf } from "./descendants.ts";

Deno.test({
  name: "descendantsOf() finds children and grandchildren, and nobody else",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const parent = new Deno.Command("sh", {
      args: ["-c", "sleep 60 & echo $!; wait"],
      stdout: "piped",
    }).spawn();
    const reader = parent.stdout.getReader();
    const { value } = await reader.read();
    const grandchild = Number(new TextDecoder().decode(value));
    try {
      assertEquals(await descendantsOf(parent.pid), [grandchild]);
      assertEquals((await descendantsOf(Deno.pid)).includes(grandchild), true);
      assertEquals(await descendantsOf(grandchild), []);
    } finally {
      Deno.kill(grandchild, "SIGKILL");
      await parent.status;
      await reader.cancel();
    }
  },
});
