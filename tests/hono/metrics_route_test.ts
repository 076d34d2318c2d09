import { sqliteBroker } from "@dabba/queue/sqlite";
import { assertEquals, assertStringIncludes } from "@std/assert";
import parse from "parse-prometheus-text-format";
import { BEARER, failing, greeter, routes } from "./greeter.ts";

type Values = Record<string, number>;

/** Reads the text by the public parser: `name{label=value}` to its number, and the types. */
function read(text: string): { values: Values; types: Record<string, string> } {
  const values: Values = {};
  const types: Record<string, string> = {};
  for (const { name, type, metrics } of parse(text)) {
    types[name] = type;
    for (const { labels = {}, value, count, sum } of metrics) {
      const key = name + JSON.stringify(labels);
      if (value !== undefined) values[key] = Number(value);
      if (count !== undefined) values[`${key} count`] = Number(count);
      if (sum !== undefined) values[`${key} sum`] = Number(sum);
    }
  }
  return { values, types };
}

Deno.test("GET /metrics tells depth, age and dead letters of the store, as Prometheus reads it", async () => {
  let now = Date.now();
  const broker = sqliteBroker({ path: ":memory:", clock: () => now });
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  await dabba.tasks.refuse.enqueue({ name: "Ada" });
  await dabba.worker().drain();
  await dabba.tasks.greet.enqueue({ name: "canary" });
  await dabba.tasks.greet.enqueue({ name: "canary" }, { delay: "1h", queue: "mail" });
  now += 2_500;
  const response = await app.request("/dabba/metrics", { headers: BEARER });
  const type = response.headers.get("content-type");
  assertEquals([response.status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
  const text = await response.text();
  const { values, types } = read(text);
  assertEquals(values['dabba_queue_ready_messages{"queue":"default"}'], 1);
  assertEquals(values['dabba_queue_ready_messages{"queue":"mail"}'], 0);
  assertEquals(values['dabba_queue_later_messages{"queue":"mail"}'], 1);
  assertEquals(values['dabba_queue_oldest_ready_seconds{"queue":"default"}'], 2.5);
  assertEquals(values["dabba_dead_letters{}"], 1);
  assertEquals(types["dabba_dead_letters"], "GAUGE");
  assertEquals(text.includes("canary"), false);
});

Deno.test("GET /metrics counts what this process enqueued and ran", async () => {
  await using dabba = greeter();
  const app = routes(dabba);
  for (const id of ["a", "b", "b"]) await dabba.tasks.greet.enqueue({ name: "Ada" }, { id });
  await dabba.tasks.refuse.enqueue({ name: "Ada" });
  await dabba.tasks.stumble.enqueue({ name: "Ada" });
  await dabba.worker().drain();
  const text = await (await app.request("/dabba/metrics", { headers: BEARER })).text();
  const { values, types } = read(text);
  const enqueued = (disposition: string) =>
    values[`dabba_process_enqueued_total{"task":"greet","disposition":"${disposition}"}`];
  assertEquals([enqueued("enqueued"), enqueued("duplicate")], [2, 1]);
  const delivered = (task: string, outcome: string) =>
    values[`dabba_process_deliveries_total{"task":"${task}","outcome":"${outcome}"}`];
  assertEquals(delivered("greet", "succeeded"), 2);
  assertEquals(delivered("refuse", "dead"), 1);
  assertEquals(delivered("stumble", "retried"), 1);
  assertEquals(types["dabba_process_deliveries_total"], "COUNTER");
  assertEquals(values['dabba_process_attempt_seconds{"task":"greet"} count'], 2);
});

Deno.test("GET /metrics takes no task's name for a label that is not known here", async () => {
  const broker = sqliteBroker({ path: ":memory:" });
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  const { Dabba, defineTask } = await import("@dabba/queue");
  const { z } = await import("zod");
  const foreign = defineTask("foreign", { input: z.unknown() }, () => {});
  await new Dabba({ broker, tasks: { foreign } }).tasks.foreign.enqueue(1);
  await dabba.worker().drain();
  const text = await (await app.request("/dabba/metrics", { headers: BEARER })).text();
  assertStringIncludes(text, 'dabba_process_deliveries_total{task="",outcome="unknownTask"} 1');
  assertEquals(text.includes("foreign"), false);
});

Deno.test("GET /metrics needs the secret, and a store that answers", async () => {
  await using dabba = greeter({ broker: failing("stats") });
  const app = routes(dabba);
  assertEquals((await app.request("/dabba/metrics")).status, 401);
  const response = await app.request("/dabba/metrics", { headers: BEARER });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
  assertEquals((await response.text()).includes("redis.internal"), false);
});
