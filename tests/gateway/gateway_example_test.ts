/** Runs examples/gateway.ts as its first line says, types checked. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redisGateway } from "../support/redis_gateway.ts";

const example = new URL("../../examples/gateway.ts", import.meta.url);

Deno.test("examples/gateway.ts serves a plain Redis to Upstash's client, and ends", async () => {
  await using server = await redisGateway();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--check", "--no-lock", "-A", example.href],
    env: { REDIS_URL: `redis://127.0.0.1:${server.redisPort}`, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  const logged = new TextDecoder().decode(stderr);
  assertEquals([code, code === 0 ? "" : logged], [0, ""]);
  assertMatch(said, /^Serving (Redis|Valkey) [\d.]+\nVisits: 42\nHeard of visits: 42\nBilled/);
  assertStringIncludes(logged, "/multi-exec { SET: 1, INCR: 1 } 200");
});
