import { assertEquals, assertNotMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ioredisClient,
  RedisBroker,
  redisBroker,
  type RedisBrokerOptions,
  restClient,
  upstashClient,
} from "../../../src/broker/redis/mod.ts";

const ADDRESS = { url: "https://example.com", token: "canary" };
const NEVER = { evalsha: () => Promise.reject(), eval: () => Promise.reject() };

/** Wrong options, and a word of what to do about each. */
const WRONG: Readonly<Record<string, [RedisBrokerOptions, string]>> = {
  "no URL": [{ token: "canary" }, "UPSTASH_REDIS_REST_URL"],
  "an empty URL": [{ ...ADDRESS, url: "" }, "UPSTASH_REDIS_REST_URL"],
  "a URL of the Redis protocol": [{ ...ADDRESS, url: "redis://canary@h:1" }, "redis://"],
  "a URL without a host": [{ ...ADDRESS, url: "https://" }, "https://"],
  "a URL with a space": [{ ...ADDRESS, url: "https://a b" }, "https://"],
  "a URL with a password": [{ ...ADDRESS, url: "https://u:canary@host" }, "as the token"],
  "no token": [{ url: ADDRESS.url }, "UPSTASH_REDIS_REST_TOKEN"],
  "an empty token": [{ ...ADDRESS, token: " " }, "UPSTASH_REDIS_REST_TOKEN"],
  "a token of two lines": [{ ...ADDRESS, token: "can\nary" }, "token"],
  "an empty namespace": [{ ...ADDRESS, namespace: "" }, "namespace"],
  "a namespace with a brace": [{ ...ADDRESS, namespace: "a}b" }, "namespace"],
  "a namespace of 65 characters": [{ ...ADDRESS, namespace: "n".repeat(65) }, "namespace"],
  "a timeout of nothing": [{ ...ADDRESS, timeout: 0 }, "timeout"],
  "a timeout beyond all timers": [{ ...ADDRESS, timeout: 2 ** 31 }, "timeout"],
  "a deadline of nothing": [{ ...ADDRESS, deadline: 0 }, "deadline"],
  "half a dead letter": [{ ...ADDRESS, deadLetters: { count: 0.5 } }, "deadLetters count"],
  "dead letters of less than nothing": [
    { ...ADDRESS, deadLetters: { bytes: -1 } },
    "deadLetters bytes",
  ],
  "half a retry": [{ ...ADDRESS, retries: 0.5 }, "retries"],
  "a client and a URL": [{ ...ADDRESS, client: NEVER }, "one of them"],
  "a client that runs no scripts": [{ client: {} as typeof NEVER }, "ioredisClient"],
};

for (const [name, [options, words]] of Object.entries(WRONG)) {
  Deno.test(`redisBroker() refuses ${name}, and says what to do`, () => {
    // An environment of its own: that of the process may have an address.
    const error = assertThrows(() => RedisBroker.fromEnv({}, options), TypeError);
    assertStringIncludes(error.message, words);
    assertNotMatch(error.message, /canary/);
  });
}

Deno.test("RedisBroker.fromEnv() takes an environment that is handed over", () => {
  for (const prefix of ["UPSTASH_REDIS_REST", "KV_REST_API"]) {
    const env = { [`${prefix}_URL`]: ADDRESS.url, [`${prefix}_TOKEN`]: "t", OTHER: { a: 1 } };
    assertEquals(RedisBroker.fromEnv(env).kind, "redis");
  }
  assertThrows(() => RedisBroker.fromEnv({ UPSTASH_REDIS_REST_URL: ADDRESS.url }), TypeError);
});

/** Runs code in a process of its own: variables belong to a process, and other tests run in this one. */
async function run(code: string, permissions: string[], env: Record<string, string>) {
  const module = new URL("../../../src/broker/redis/mod.ts", import.meta.url).href;
  const source = `import { RedisBroker, redisBroker } from "${module}"; ${code}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-prompt", "--quiet", ...permissions, "-"],
    cwd: new URL("../../../", import.meta.url),
    env: { ...env, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("RedisBroker.fromEnv() reads the variables of the process, and only those", async () => {
  const env = { UPSTASH_REDIS_REST_URL: ADDRESS.url, UPSTASH_REDIS_REST_TOKEN: ADDRESS.token };
  const code = "console.log(RedisBroker.fromEnv().kind, redisBroker().kind)";
  assertEquals(await run(code, [`--allow-env=${Object.keys(env)}`], env), "redis redis\n");
  const none = await run("RedisBroker.fromEnv({})", [`--allow-env=${Object.keys(env)}`], env);
  assertStringIncludes(none, "TypeError: Cannot make a Redis client: url is missing");
});

Deno.test("RedisBroker.fromEnv() that may not read the environment finds nothing there", async () => {
  const env = { UPSTASH_REDIS_REST_URL: ADDRESS.url };
  const output = await run("RedisBroker.fromEnv()", [], env);
  assertStringIncludes(output, "TypeError: Cannot make a Redis client: url is missing");
});

Deno.test("upstashClient() takes an address with spaces around it", () => {
  upstashClient({ url: " https://example.com/ ", token: " t\n" });
});

Deno.test("a printed RedisBroker shows neither URL nor token", () => {
  const broker = redisBroker({ url: "https://canary.example.com", token: "canary" });
  for (const text of [Deno.inspect(broker), String(broker), JSON.stringify(broker)]) {
    assertNotMatch(text, /canary/);
  }
});

Deno.test("restClient() and upstashClient() refuse a timeout that no timer takes", () => {
  for (const make of [restClient, upstashClient]) {
    for (const timeoutMs of [0, -1, 0.5, NaN, 2 ** 31]) {
      assertThrows(() => make({ ...ADDRESS, timeoutMs }), TypeError, "Cannot use timeoutMs");
    }
  }
});

Deno.test("ioredisClient() refuses what is no client, such as a URL, before any I/O", () => {
  for (const given of ["redis://127.0.0.1:6379", { host: "127.0.0.1" }, undefined] as never[]) {
    assertThrows(() => ioredisClient(given), TypeError, "expected one of ioredis");
  }
});
