/** Runs the examples that keep their messages in Redis, by way of a gateway. */
import { Dabba } from "@dabba/queue";
import { redisBroker } from "@dabba/queue/redis";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "../support/project.ts";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { ExampleProcess } from "./example_process.ts";

const JSON_BODY = { "content-type": "application/json" };

/** The variables that lead an example to a gateway. */
function environment({ url, token }: RedisGateway): Record<string, string> {
  const namespace = `example-${crypto.randomUUID()}`;
  return {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    DABBA_NAMESPACE: namespace,
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  };
}

/** Runs a module as Deno Deploy does, with a cron that it can be told to begin. */
function deployed(example: string): string {
  const program = `
    Deno.cron = (name, schedule, options, handler) => {
      console.log("cron", name, schedule, JSON.stringify(options));
      globalThis.tick = handler;
      return Promise.resolve();
    };
    await import(${JSON.stringify(new URL(`../../examples/${example}`, import.meta.url).href)});
    Deno.addSignalListener("SIGUSR2", () => globalThis.tick().then(() => console.log("ticked")));
    console.log("deployed");`;
  return `data:text/javascript,${encodeURIComponent(program)}`;
}

Deno.test("examples/deno_deploy/main.ts serves, drains after a request, and by its cron", async () => {
  await using server = await redisGateway();
  const env = environment(server);
  const module = deployed("deno_deploy/main.ts");
  await using example = await ExampleProcess.start(module, { env });
  await example.says(/cron dabba \* \* \* \* \* \{"backoffSchedule":\[\]\}/);
  const [, port] = await example.says(/Listening on http:\/\/127\.0\.0\.1:(\d+)/);
  await example.says(/deployed/);
  const url = `http://127.0.0.1:${port}`;
  const send = async (path: string) => {
    const body = '{"email":"ada@example.com"}';
    const response = await fetch(url + path, { method: "POST", headers: JSON_BODY, body });
    assertEquals([response.status, (await response.json()).task], [202, "email.welcome"]);
    return await (await fetch(`${url}${response.headers.get("location")}/events`)).text();
  };
  // The kick has run it: no cron has ticked.
  assertStringIncludes(await send("/welcome"), '"output":{"sentTo":"ada@example.com"}');
  example.kill("SIGUSR2");
  await example.says(/ticked/);
});

Deno.test("examples/self_hosted/gateway.ts lends a Redis to Dabba, until it is told to end", async () => {
  await using server = await redisGateway();
  const token = crypto.randomUUID();
  const env = {
    REDIS_URL: `redis://127.0.0.1:${server.redisPort}`,
    UPSTASH_REDIS_REST_TOKEN: token,
    PORT: "0",
  };
  await using example = await ExampleProcess.start("self_hosted/gateway.ts", { env });
  const [, port] = await example.says(/Listening on http:\/\/[^ ]*:(\d+)/);
  await example.says(/Serving (Redis|Valkey) /);
  const namespace = `example-${crypto.randomUUID()}`;
  const broker = redisBroker({ url: `http://127.0.0.1:${port}`, token, namespace });
  await using dabba = new Dabba({ broker, tasks: {} });
  assertEquals((await dabba.inspect.stats()).dead, 0);
  example.kill("SIGTERM");
  assertEquals((await example.ended()).code, 0);
});

Deno.test("examples/self_hosted/compose.yaml starts that gateway, with the variables it reads", async () => {
  const { parse } = await import("yaml");
  const folder = `${ROOT}examples/self_hosted/`;
  const { services: { gateway, valkey }, volumes } = parse(
    await Deno.readTextFile(`${folder}compose.yaml`),
  );
  const [run, ...args] = gateway.command;
  assertEquals([run, args.at(-1)], ["run", "examples/self_hosted/gateway.ts"]);
  const program = await Deno.readTextFile(`${folder}gateway.ts`);
  for (const name of Object.keys(gateway.environment)) assertStringIncludes(program, `"${name}"`);
  assertStringIncludes(gateway.environment.REDIS_URL, "redis://valkey:");
  assertEquals(gateway.ports, ["127.0.0.1:8079:8079"]);
  assertStringIncludes(program, "?? 8079");
  assertEquals(valkey.volumes, ["data:/data"]);
  assertEquals(Object.keys(volumes), ["data"]);
});
