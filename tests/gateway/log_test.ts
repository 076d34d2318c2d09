import { assertEquals, assertMatch } from "@std/assert";
import { gateway, type GatewayLogEntry } from "@dabba/queue/gateway";
import { logLine } from "../../src/gateway/access_log.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";

/** A gateway on the shared Redis whose log can be waited for, entry by entry. */
async function loggedGateway() {
  const server = await redisGateway();
  const entries: GatewayLogEntry[] = [];
  let arrived = Promise.withResolvers<void>();
  const face = gateway({
    redis: `redis://127.0.0.1:${server.redisPort}`,
    token: "t",
    log: (entry) => {
      entries.push(entry);
      arrived.resolve();
    },
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: "Bearer t", ...init.headers };
    const request = new Request(`http://h${path}`, { method: "POST", ...init, headers });
    const response = await face.fetch(request);
    const bytes = (await response.bytes()).length;
    while (entries.length === 0) {
      await arrived.promise;
      arrived = Promise.withResolvers();
    }
    return { bytes, entry: entries.pop()! };
  };
  return { ask, face, server };
}

const requests: [path: string, init: RequestInit, expected: Partial<GatewayLogEntry>][] = [
  ["/", { body: '["SET","secret","secret"]' }, { route: "/", commands: { SET: 1 }, status: 200 }],
  ["/", { body: '["secret","secret"]' }, { route: "/", commands: { "?": 1 }, status: 400 }],
  [
    "/pipeline?_token=secret",
    { body: '[["get","secret"],["GET","secret"],["secret"]]' },
    { route: "/pipeline", commands: { GET: 2, "?": 1 }, status: 200 },
  ],
  ["/multi-exec", { body: '[["PING"]]' }, { route: "/multi-exec", commands: { PING: 1 } }],
  ["/get/secret", { method: "GET" }, { method: "GET", route: "/<command>", commands: { GET: 1 } }],
  ["/secret", { method: "GET" }, { route: "/<command>", commands: { "?": 1 }, status: 400 }],
  ["/", { headers: { authorization: "secret" } }, { route: "/", commands: {}, status: 401 }],
  ["/secret", { method: "PATCH" }, { method: "PATCH", route: "/<command>", status: 405 }],
  ["/%zz", {}, { route: "/<command>", commands: {}, status: 400 }],
];

Deno.test("GatewayOptions.log is told names of commands, and neither keys nor values", async () => {
  const { ask, face, server } = await loggedGateway();
  for (const [path, init, expected] of requests) {
    const { entry, bytes } = await ask(path, init);
    assertEquals({ ...entry, ...expected, bytes, ms: entry.ms }, entry);
    assertEquals(JSON.stringify(entry).toLowerCase().includes("secret"), false);
  }
  await face.close();
  await server.close();
});

Deno.test("GatewayOptions.log may throw, and the request is answered", async () => {
  await using server = await redisGateway({
    log: () => {
      throw new Error("the disk is full");
    },
  });
  const headers = { authorization: `Bearer ${server.token}` };
  const response = await fetch(server.url, { method: "POST", headers, body: '["PING"]' });
  assertEquals(await response.json(), { result: "PONG" });
});

Deno.test("logLine() writes a line for people", () => {
  const entry = { method: "POST", route: "/pipeline", commands: { SET: 2, GET: 1 }, status: 200 };
  const line = logLine({ ...entry, ms: 1.26, bytes: 35 });
  assertEquals(line, "POST /pipeline 200 1.3 ms 35 B SET x2, GET");
  assertMatch(logLine({ ...entry, commands: {}, ms: 1, bytes: 0 }), / -$/);
});

Deno.test("Gateway.survey() says what Redis is, and what may cost data", async () => {
  await using weak = await startRedisServer({ config: { "maxmemory-policy": "allkeys-lru" } });
  await using strong = await startRedisServer({ config: { appendonly: "yes" } });
  for (const [redis, warnings] of [[weak.url, 2], [strong.url, 0]] as const) {
    const face = gateway({ redis, token: "t" });
    const survey = await face.survey();
    assertMatch(survey.server, /^(Redis|Valkey) \d+\.\d+\.\d+$/);
    assertEquals(survey.warnings.length, warnings);
    await face.close();
  }
});
