/** Runs examples/hono_app.ts as its first line says, types checked. */
import { assert, assertEquals } from "@std/assert";

const example = new URL("../../examples/hono_app.ts", import.meta.url);

/** Reads the address that Deno.serve prints on standard error, then lets the rest go by. */
async function address(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stderr.pipeThrough(new TextDecoderStream())) {
    text += part;
    const port = /Listening on http:\/\/[^ ]*:(\d+)\//.exec(text)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`It ended without listening: ${text}`);
}

Deno.test("examples/hono_app.ts answers at once, does the work behind it, and ends on SIGTERM", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--check", "--no-lock", "-A", example.href],
    env: { PORT: "0", NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const url = await address(child.stderr);
    const headers = { "content-type": "application/json" };
    const send = (body: string) => fetch(`${url}/sign-ups`, { method: "POST", headers, body });
    const answer = await send('{"email":"ada@example.com"}');
    assertEquals(answer.status, 202);
    const { status } = await answer.json();
    const events = await (await fetch(`${url}${status}/events`)).text();
    assert(events.includes("event: result"));
    const message = await (await fetch(url + status)).json();
    assertEquals(message.output, { sentTo: "ada@example.com", attempt: 1 });
    const refused = await send('{"email":"nobody"}');
    assertEquals([refused.status, await refused.json()], [400, { error: "Give an email address" }]);
  } finally {
    end(child);
  }
  assertEquals((await child.status).code, 0);
});

/** Ends a process; one that has ended by itself is told by its exit code. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
