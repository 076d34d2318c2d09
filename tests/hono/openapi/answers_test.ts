/** Holds the document against what the routes really answer. */
import { assertEquals } from "@std/assert";
import { BEARER, documentOf, findings, pantry, type Part } from "./pantry.ts";

const JSON_BODY = { "content-type": "application/json" };

/** A request, and the operation in the document that it belongs to. */
interface Call {
  readonly operation: string;
  readonly path: string;
  readonly init?: RequestInit;
}

function post(body: string, headers: Record<string, string> = BEARER): RequestInit {
  return { method: "POST", headers: { ...JSON_BODY, ...headers }, body };
}

const welcome = "/paths/~1tasks~1email.welcome/post";

/** One request for each answer that the routes have. */
const calls: readonly Call[] = [
  { operation: welcome, path: "/tasks/email.welcome?id=a", init: post('{"email":"a@b.cd"}') },
  { operation: welcome, path: "/tasks/email.welcome?id=a", init: post('{"email":"a@b.cd"}') },
  { operation: welcome, path: "/tasks/email.welcome", init: post("{}") },
  { operation: welcome, path: "/tasks/email.welcome", init: post("{}", {}) },
  { operation: welcome, path: "/tasks/email.welcome", init: post(`"${"a".repeat(3e5)}"`) },
  {
    operation: welcome,
    path: "/tasks/email.welcome",
    init: { method: "POST", headers: BEARER, body: "{}" },
  },
  { operation: "/paths/~1messages~1{id}/get", path: "/messages/a" },
  { operation: "/paths/~1drain/post", path: "/drain", init: { method: "POST", headers: BEARER } },
  { operation: "/paths/~1drain/get", path: "/drain" },
  { operation: "/paths/~1messages~1{id}/get", path: "/messages/a" },
  { operation: "/paths/~1messages~1{id}/get", path: "/messages/nobody" },
  { operation: "/paths/~1healthz/get", path: "/healthz", init: { headers: BEARER } },
  { operation: "/paths/~1healthz/get", path: "/healthz" },
  { operation: "/paths/~1metrics/get", path: "/metrics", init: { headers: BEARER } },
  { operation: "/paths/~1metrics/get", path: "/metrics" },
  { operation: "/paths/~1openapi.json/get", path: "/openapi.json" },
];

Deno.test("GET /openapi.json tells the answers as they come", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const document = await documentOf(app);
  const statuses: number[] = [];
  for (const { operation, path, init } of calls) {
    const response = await app.request(`/dabba${path}`, init);
    statuses.push(response.status);
    await assertTold(document, `${operation}/responses/${response.status}`, response);
  }
  assertEquals(statuses, [
    ...[202, 409, 400, 401, 413, 415, 200, 200, 401, 200, 404, 200, 200, 200, 401, 200],
  ]);
});

async function assertTold(document: Part, pointer: string, response: Response): Promise<void> {
  const answer: Part | undefined = pointer.split("/").slice(1)
    .map((key) => key.replaceAll("~1", "/"))
    .reduce((part: Part | undefined, key) => part?.[key], document);
  const type = response.headers.get("content-type")!.split(";")[0]!;
  assertEquals(Object.keys(answer?.["content"] ?? {}), [type], pointer);
  for (const header of Object.keys(answer?.["headers"] ?? {})) {
    const optional = header === "Retry-After" && response.status === 200;
    assertEquals(response.headers.has(header) || optional, true, `${pointer}: ${header}`);
  }
  if (type !== "application/json") return void await response.body?.cancel();
  const schema = `${pointer}/content/application~1json/schema`;
  assertEquals(findings(document, schema, await response.json()), null, pointer);
}

Deno.test("GET /openapi.json tells a message's output by its task, as it travels", async () => {
  const { dabba, app } = pantry();
  await using _ = dabba;
  const document = await documentOf(app);
  const receipt = await dabba.tasks.welcome.enqueue({ email: "ada@example.com" });
  await dabba.worker().drain();
  const message = await (await app.request(`/dabba/messages/${receipt.id}`)).json();
  const schema = "/components/schemas/Message";
  // Text: the output's schema makes a number of it only where it is read by a receipt.
  assertEquals(message.output.size, "5");
  assertEquals(findings(document, schema, message), null);
  const wrong = findings(document, schema, { ...message, output: { ...message.output, size: 5 } });
  assertEquals(wrong?.includes("data/output/size must be string"), true);
  const other = { ...message, task: "of.another.deployment", output: 5 };
  assertEquals(findings(document, schema, other), null);
});

Deno.test("GET /openapi.json names the secret where it is wanted", async () => {
  for (const messages of ["open", "secret"] as const) {
    const { dabba, app } = pantry({ messages });
    await using _ = dabba;
    const { paths } = await documentOf(app);
    for (const [path, operations] of Object.entries<Part>(paths)) {
      for (const [method, { security }] of Object.entries<Part>(operations)) {
        const url = `/dabba${path.replace("{id}", "nobody")}`;
        const response = await app.request(url, { method: method.toUpperCase() });
        await response.body?.cancel();
        const wanted = JSON.stringify(security) === '[{"secret":[]}]';
        assertEquals(response.status === 401, wanted, `${method} ${path}`);
      }
    }
  }
});
