import { assertEquals } from "@std/assert";
import { openKv } from "@dabba/queue/kv-queue";

const program = new URL("./listening_process.ts", import.meta.url);

Deno.test("KvQueue.listenQueue() hands back at SIGTERM, then lets the signal end the process", async () => {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-lock", "--no-check", "-A", program.href, path],
      ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
    }).spawn();
    let said = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const waiting = !said.includes("begun patient");
      said += text;
      if (waiting && said.includes("begun patient")) child.kill("SIGTERM");
    }
    const lines = ["begun patient", "begun quick", "done patient", "done quick"];
    assertEquals(said.trim().split("\n").sort(), lines);
    const { signal } = await child.status;
    assertEquals(signal, "SIGTERM");
    await using db = await openKv(path);
    const { queues } = await db.dabba.inspect.stats();
    // It was not done when it was aborted: due at once, for the next process.
    assertEquals(queues.map(({ queue, ready }) => [queue, ready]), [["kv", 1]]);
  } finally {
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(path + end).catch(() => {});
  }
});
