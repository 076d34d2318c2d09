import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redisGateway } from "../support/redis_gateway.ts";

const MAIN = new URL("../../src/gateway/main.ts", import.meta.url).href;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(args: string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    // Empty is as good as unset: the machine's own settings shall not matter.
    env: { UPSTASH_REDIS_REST_TOKEN: "", REDIS_URL: "", PORT: "", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Starts it, asks it for PING once it says where it listens, and interrupts it. */
async function pingOf(
  args: string[],
  env: Record<string, string>,
  token: string,
): Promise<{ reply: unknown; said: string; code: number }> {
  const child = command([...args, "--port", "0"], env).spawn();
  const errors = new Response(child.stderr).text();
  let said = "";
  let reply: unknown;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const url = said.match(/UPSTASH_REDIS_REST_URL=(\S+)\n/)?.[1];
    if (url === undefined || reply !== undefined) continue;
    const headers = { authorization: `Bearer ${token}` };
    reply = await (await fetch(url, { method: "POST", headers, body: '["PING"]' })).json();
    // A stream would hold the server if it did not end with the gateway.
    const accept = "text/event-stream";
    const stream = await fetch(`${url}/subscribe/chat`, { headers: { ...headers, accept } });
    child.kill("SIGTERM");
    assertStringIncludes(await stream.text(), "data: subscribe,chat,1");
  }
  const { code } = await child.status;
  assertEquals(await errors, "");
  return { reply, said, code };
}

Deno.test("the gateway's command refuses to start without a token, and names what to set", async () => {
  for (const args of [["--port", "0"], ["--port", "0", "--token", ""]]) {
    const { code, stderr } = await run(args);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^Cannot start gateway: .*UPSTASH_REDIS_REST_TOKEN.* --token.* --insecure\n/,
    );
  }
});

Deno.test("the gateway's command refuses a port and an option that are none", async () => {
  for (const args of [["--port", "70000"], ["--port", "a"], ["--prot", "1"]]) {
    const { code, stderr } = await run([...args, "--token", "t"]);
    assertEquals(code, 1);
    assertMatch(stderr, /(port is|option '--prot').*\n.*--help/);
  }
});

Deno.test("the gateway's command explains itself", async () => {
  const { code, stdout } = await run(["--help"]);
  assertEquals(code, 0);
  for (const option of ["--redis", "--port", "--token", "--insecure"]) {
    assertStringIncludes(stdout, option);
  }
});

Deno.test("the gateway's command serves by options, and ends when told", async () => {
  await using server = await redisGateway();
  const url = `redis://:@127.0.0.1:${server.redisPort}`;
  const { reply, code } = await pingOf(["--redis", url, "--token", "t"], {}, "t");
  assertEquals([reply, code], [{ result: "PONG" }, 0]);
});

Deno.test("the gateway's command serves by variables, and shows no secret", async () => {
  await using server = await redisGateway();
  const env = {
    REDIS_URL: `redis://127.0.0.1:${server.redisPort}`,
    UPSTASH_REDIS_REST_TOKEN: "a-secret",
  };
  const { reply, said } = await pingOf(["--log"], env, "a-secret");
  assertEquals(reply, { result: "PONG" });
  assertEquals(said.includes("a-secret"), false);
  assertMatch(said, /It is Redis \d+\.\d+\.\d+\nWarning: Redis keeps no append-only file/);
  assertMatch(said, /Z POST \/ 200 [\d.]+ ms 17 B PING\n/);
});

Deno.test("the gateway's command serves without a token only when told, and says so", async () => {
  await using server = await redisGateway();
  const url = `redis://127.0.0.1:${server.redisPort}`;
  const { reply, said } = await pingOf(["--redis", url, "--insecure"], {}, "");
  assertEquals(reply, { result: "PONG" });
  assertStringIncludes(said, "whoever reaches the port owns the data");
});
