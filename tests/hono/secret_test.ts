import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { dabbaRoutes } from "@dabba/queue/hono";
import { Random } from "../broker/contract/random.ts";
import { Secrets } from "../../src/hono/secret.ts";
import { BEARER, greeter, json, routes, SECRET } from "./greeter.ts";

const WRONG: [name: string, authorization: string | undefined][] = [
  ["none", undefined],
  ["an empty one", ""],
  ["Basic", `Basic ${btoa(`dabba:${SECRET}`)}`],
  ["the secret without its scheme", SECRET],
  ["Bearer alone", "Bearer"],
  ["Bearer and a space", "Bearer "],
  ["a wrong one", "Bearer something-else-altogether"],
  ["a prefix of the right one", `Bearer ${SECRET.slice(0, -1)}`],
  ["the right one and more", `Bearer ${SECRET}x`],
  ["the right one twice", `Bearer ${SECRET} ${SECRET}`],
  ["two of them, joined as headers are", `Bearer ${SECRET}, Bearer ${SECRET}`],
  ["another case", `Bearer ${SECRET.toUpperCase()}`],
  ["a very long one", `Bearer ${"x".repeat(5_000)}`],
];

const GUARDED: [method: string, path: string][] = [
  ["POST", "/dabba/tasks/greet"],
  ["POST", "/dabba/tasks/unknown"],
  ["POST", "/dabba/drain"],
  ["GET", "/dabba/drain"],
];

for (const [name, authorization] of WRONG) {
  Deno.test(`The routes that change something answer 401 for a secret that is ${name}`, async () => {
    await using dabba = greeter();
    const app = routes(dabba);
    await dabba.tasks.greet.enqueue({ name: "Ada" }, { id: "waits" });
    for (const [method, path] of GUARDED) {
      const headers = authorization === undefined ? undefined : { authorization };
      const response = await app.request(path, { method, headers });
      assertEquals(response.status, 401);
      assertEquals(response.headers.get("www-authenticate"), "Bearer");
      assertEquals(response.headers.get("cache-control"), "no-store");
      assertEquals((await response.json()).error.code, "unauthorized");
    }
    assertEquals((await dabba.status("waits")).state, "ready");
  });
}

Deno.test("A refusal never repeats what was sent", async () => {
  await using dabba = greeter();
  const headers = { authorization: "Bearer canary-4711" };
  const response = await routes(dabba).request("/dabba/tasks/greet", json("canary-4711", headers));
  const all = (await response.text()) + JSON.stringify([...response.headers]);
  assertEquals(all.includes("canary-4711"), false);
});

Deno.test("The scheme may be written in any case", async () => {
  await using dabba = greeter();
  const headers = { authorization: `bearer  ${SECRET} ` };
  const response = await routes(dabba).request("/dabba/drain", { method: "POST", headers });
  assertEquals(response.status, 200);
});

Deno.test("Each of several secrets opens, the first and the last", async () => {
  await using dabba = greeter();
  const secret = ["the-old-one", SECRET, "the-new-one"];
  const app = routes(dabba, { secret });
  for (const each of secret) {
    const headers = { authorization: `Bearer ${each}` };
    assertEquals((await app.request("/dabba/drain", { headers })).status, 200);
  }
  const headers = { authorization: "Bearer the-older-one" };
  assertEquals((await app.request("/dabba/drain", { headers })).status, 401);
});

Deno.test("Every secret is compared, whatever was sent and whichever fits", async () => {
  await using dabba = greeter();
  const secret = [SECRET, "the-second-one", "the-third-one"];
  const app = routes(dabba, { secret });
  const { digest } = crypto.subtle;
  const sizes: number[] = [];
  crypto.subtle.digest = function (name, data) {
    sizes.push(data.byteLength);
    return digest.call(this, name, data);
  };
  try {
    for (const token of [SECRET, "the-third-one", "x", SECRET.slice(1), "y".repeat(500)]) {
      sizes.length = 0;
      await app.request("/dabba/drain", { headers: { authorization: `Bearer ${token}` } });
      assertEquals(sizes, [token, ...secret].map((each) => each.length));
    }
  } finally {
    crypto.subtle.digest = digest;
  }
});

Deno.test("Ten thousand headers that are nearly right open nothing", async () => {
  const secrets = new Secrets([SECRET, "another-secret"]);
  const random = new Random(7);
  const pick = (most: number) => random.below(most);
  for (let i = 0; i < 10_000; i++) {
    const at = pick(SECRET.length + 1);
    const piece = String.fromCharCode(...Array.from({ length: pick(4) }, () => 33 + pick(94)));
    const token = SECRET.slice(0, at) + piece + SECRET.slice(at + pick(3));
    const header = ["Bearer ", "bearer  ", "Basic ", "", "Bearer\t"][pick(5)] + token +
      " ".repeat(pick(2));
    const right = token === SECRET && /^bearer +/i.test(header);
    const context = { req: { header: () => header } } as never;
    assertEquals(await secrets.opens(context), right, header);
  }
});

for (const secret of ["", " ", "\t\n", "a b", "trailing-newline\n", "ünïcode", 7, null]) {
  Deno.test(`dabbaRoutes() refuses the secret ${JSON.stringify(secret)}`, async () => {
    await using dabba = greeter();
    for (const given of [secret, [SECRET, secret]]) {
      const error = assertThrows(
        () => dabbaRoutes(dabba, { secret: given as string }),
        TypeError,
        "Cannot use secret",
      );
      assertEquals(error.message.includes(SECRET), false);
    }
  });
}

Deno.test("dabbaRoutes() wants a secret for what needs one, and says what to do", async () => {
  await using dabba = greeter();
  const off = { tasks: false, drain: false };
  for (
    const options of [
      undefined,
      {},
      { secret: undefined },
      { secret: [] },
      { routes: { tasks: false } },
      { routes: { drain: false } },
      { routes: off, messages: "secret" as const },
    ]
  ) {
    const error = assertThrows(() => dabbaRoutes(dabba, options), TypeError, "without a secret");
    assertStringIncludes(error.message, "dabbaRoutes(dabba, { secret })");
  }
  const app = dabbaRoutes(dabba, { routes: off });
  assertEquals((await app.request("/tasks/greet", json({}, BEARER))).status, 404);
  assertEquals((await app.request("/drain", { method: "POST" })).status, 404);
  assertEquals((await app.request("/healthz")).status, 200);
});

Deno.test("dabbaRoutes() with messages: secret shows a message to nobody else", async () => {
  await using dabba = greeter();
  const app = routes(dabba, { messages: "secret" });
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  for (const path of [`/dabba/messages/${id}`, `/dabba/messages/${id}/events`]) {
    assertEquals((await app.request(path)).status, 401);
    const response = await app.request(path, { headers: BEARER });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
});
