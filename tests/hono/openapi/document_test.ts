import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Validator } from "@seriousme/openapi-schema-validator";
import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { z } from "zod";
import { documentOf, findings, mute, pantry, type Part } from "./pantry.ts";

/** Fails unless the public validator finds the document valid, its references included. */
async function assertValid(document: Part): Promise<void> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assertEquals([valid, errors ?? []], [true, []]);
  assertEquals(validator.version, "3.1");
  const missing = refs(document).filter((ref) => !at(document, ref));
  assertEquals(missing, []);
}

function refs(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  const own = (part as Part)["$ref"];
  return [...(typeof own === "string" ? [own] : []), ...Object.values(part).flatMap(refs)];
}

function at(document: Part, ref: string): unknown {
  return ref.split("/").slice(1).reduce((part: Part | undefined, key) => part?.[key], document);
}

Deno.test("GET /openapi.json is valid OpenAPI 3.1 by a public validator", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  await assertValid(await documentOf(app));
});

Deno.test("The check for valid documents finds one that is not", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const document = await documentOf(app);
  delete document["info"].title;
  const { valid } = await new Validator().validate(document);
  assertEquals(valid, false);
});

Deno.test("GET /openapi.json is valid with no task, and with every route switched off", async () => {
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: {} });
  const routes = dabbaRoutes(dabba, { routes: { tasks: false, drain: false } });
  const document = await documentOf(new Hono().route("/dabba", routes));
  await assertValid(document);
  assertEquals(Object.keys(document["paths"]), [
    "/messages/{id}",
    "/messages/{id}/events",
    "/healthz",
    "/openapi.json",
  ]);
});

Deno.test("GET /openapi.json has every route that is served, and none that is not", async () => {
  const { dabba, routes, app } = pantry();
  await using _ = dabba;
  const { paths, servers } = await documentOf(app);
  assertEquals(servers, [{ url: "/dabba" }]);
  const told = Object.entries<Part>(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`)
  );
  const served = routes.routes.flatMap(({ method, path }) =>
    path === "/tasks/:name"
      ? dabba.taskNames.map((name) => `post /tasks/${name}`)
      : [`${method.toLowerCase()} ${path.replace(":id", "{id}")}`]
  );
  assertEquals(told.sort(), served.sort());
});

Deno.test("GET /openapi.json tells what producers send: the input side", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const document = await documentOf(app);
  const input = "/paths/~1tasks~1email.welcome/post/requestBody/content/application~1json/schema";
  assertEquals(findings(document, input, { email: "ada@example.com" }), null);
  assertEquals(
    findings(document, input, {}),
    "data must have required property 'email'",
  );
});

Deno.test("GET /openapi.json leads a schema's own references to where it stands", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const document = await documentOf(app);
  const input = "/components/schemas/BoxPackInput";
  const inside = [{ label: "b", inside: [{ label: "c", inside: [] }] }];
  assertEquals(findings(document, input, { label: "a", inside }), null);
  const wrong = { label: "a", inside: [{ label: "b", inside: [{ label: 7, inside: [] }] }] };
  assertEquals(findings(document, input, wrong), "data/inside/0/inside/0/label must be string");
});

Deno.test("GET /openapi.json takes a property that is called $ref for what it is", async () => {
  const odd = z.object({
    $ref: z.string(),
    kind: z.literal("#/x"),
    list: z.object({ $ref: z.literal("#") }).array().default([]),
  });
  const task = defineTask("odd", { input: odd }, () => {});
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { task } });
  const routes = dabbaRoutes(dabba, { secret: "secret" });
  const document = await documentOf(new Hono().route("/dabba", routes));
  const input = "/components/schemas/OddInput";
  assertEquals(findings(document, input, { $ref: "a", kind: "#/x", list: [{ $ref: "#" }] }), null);
});

Deno.test("GET /openapi.json says any JSON where the validator tells no schema", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const { components } = await documentOf(app);
  assertEquals(Object.keys(components.schemas.MuteInput), ["description"]);
});

Deno.test("dabbaRoutes({ openapi: { toJsonSchema } }) tells the schema that the validator does not", async () => {
  const { dabba, app } = pantry({
    openapi: {
      title: "Pantry",
      version: "1.2.3",
      toJsonSchema: (schema) => schema === mute ? { type: "string" } : undefined,
    },
  });
  await using _ = dabba;
  const document = await documentOf(app);
  const { info, components } = document;
  assertEquals([info.title, info.version], ["Pantry", "1.2.3"]);
  assertEquals(components.schemas.MuteInput, { type: "string" });
  assertEquals(components.schemas.EmailWelcomeInput.required, ["email"]);
  await assertValid(document);
});

Deno.test("GET /openapi.json gives tasks of like names different names", async () => {
  const names = ["a.b", "aB", "a-b", "ab", "_", "task"];
  const tasks = Object.fromEntries(
    names.map((name) => [name, defineTask(name, { input: mute }, () => {})]),
  );
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks });
  const routes = dabbaRoutes(dabba, { secret: "secret" });
  const document = await documentOf(new Hono().route("/dabba", routes));
  await assertValid(document);
  const ids = Object.values<Part>(document["paths"]).flatMap((path) => Object.values<Part>(path))
    .map(({ operationId }) => operationId);
  assertEquals(new Set(ids.map((id) => id.toLowerCase())).size, ids.length);
});
