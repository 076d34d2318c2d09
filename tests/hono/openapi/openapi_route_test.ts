import { Dabba, defineTask, type JsonSchema } from "@dabba/queue";
import { dabbaRoutes } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { BEARER, documentOf, mute, pantry } from "./pantry.ts";

Deno.test("GET /openapi.json makes the document once, at the first request", async () => {
  let made = 0;
  const toJsonSchema = (): JsonSchema => ({ minLength: ++made });
  const { dabba, app } = pantry({ openapi: { toJsonSchema } });
  await using _ = dabba;
  assertEquals(made, 0);
  const first = await documentOf(app);
  // Three inputs and an output.
  assertEquals(made, 4);
  assertEquals([await documentOf(app), made], [first, 4]);
});

Deno.test("GET /openapi.json answers 304 to who has it already", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const first = await app.request("/dabba/openapi.json");
  const etag = first.headers.get("etag")!;
  assertEquals([first.status, first.headers.get("cache-control")], [200, "no-cache"]);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const headers = { "if-none-match": known };
    const again = await app.request("/dabba/openapi.json", { headers });
    assertEquals([again.status, await again.text()], [304, ""]);
  }
  const headers = { "if-none-match": '"other"' };
  assertEquals((await app.request("/dabba/openapi.json", { headers })).status, 200);
});

Deno.test("GET /openapi.json wants the secret only where it is told to", async () => {
  const { dabba, app } = pantry({ openapi: { access: "secret" } });
  await using _ = dabba;
  assertEquals((await app.request("/dabba/openapi.json")).status, 401);
  const response = await app.request("/dabba/openapi.json", { headers: BEARER });
  assertEquals(response.status, 200);
  const { paths } = await response.json();
  assertEquals(paths["/openapi.json"].get.security, [{ secret: [] }]);
});

Deno.test("GET /openapi.json names the place where it is mounted", async () => {
  const { dabba, routes } = pantry();
  await using _ = dabba;
  const app = new Hono().route("/", routes).route("/:tenant/büro", routes);
  const servers = async (path: string) => (await (await app.request(path)).json()).servers;
  assertEquals(await servers("/openapi.json"), [{ url: "/" }]);
  assertEquals(await servers("/a%20b/b%C3%BCro/openapi.json"), [{ url: "/a%20b/b%C3%BCro" }]);
});

Deno.test("dabbaRoutes() serves no document where it is switched off", async () => {
  const { dabba, app } = pantry({ routes: { openapi: false } });
  await using _ = dabba;
  assertEquals((await app.request("/dabba/openapi.json")).status, 404);
});

Deno.test("dabbaRoutes() without a secret refuses what needs one", async () => {
  const task = defineTask("a", { input: mute }, () => {});
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { task } });
  const off = { tasks: false, drain: false };
  assertThrows(() => dabbaRoutes(dabba, { routes: { ...off, metrics: true } }), TypeError);
  const openapi = { access: "secret" } as const;
  assertThrows(() => dabbaRoutes(dabba, { routes: off, openapi }), TypeError);
  dabbaRoutes(dabba, { routes: { ...off, openapi: false }, openapi });
});
