/** What the demo does not let through, and how it says so; on SQLite, without a browser. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { smallPicture } from "./demo_pictures.ts";
import { DemoProcess, spawnDemo } from "./demo_process.ts";
import { type DemoStore, STORES } from "./demo_stores.ts";
import { follow, outcome, sendJson, turnPartner, upload } from "./demo_visitor.ts";

function openStore(): Promise<DemoStore> {
  return STORES.get("SQLite")!();
}

Deno.test("demo: a body that says no length is refused while it arrives", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 0) controller.enqueue(new TextEncoder().encode(HEAD));
      else controller.enqueue(new Uint8Array(1_000_000));
      // Far less than this is taken in before the answer comes.
      if (++sent > 500) controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  const answer = await fetch(`${demo.origin}/avatars`, { method: "POST", headers, body })
    .then(async (response) => {
      await response.body?.cancel();
      return response.status;
    }, () => "cut off");
  // The sender was still at it: it may see the answer, or only that nobody listens any more.
  assert(answer === 413 || answer === "cut off", String(answer));
  assert(sent < 200, `${sent} megabytes were taken`);
  assertEquals(await store.queues(), 0);
});

const HEAD = "--x\r\ncontent-disposition: form-data; name=picture; filename=a.jpg\r\n\r\n";

Deno.test("demo: forms that are broken, or hold text or two pictures, are refused", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  const picture = new Blob([await smallPicture("png")]);
  const two = new FormData();
  two.append("picture", picture, "a.png");
  two.append("picture", picture, "b.png");
  const text = new FormData();
  text.append("picture", "me");
  const cut = new Blob(["--y"], { type: "multipart/form-data; boundary=x" });
  for (const [body, words] of [[two, "one picture"], [text, "holds text"], [cut, "cut off"]]) {
    const response = await fetch(`${demo.origin}/avatars`, { method: "POST", body });
    assertEquals(response.status, 400);
    assertStringIncludes((await response.json()).error.message, words as string);
  }
  assertEquals(await store.queues(), 0);
});

Deno.test("demo: every accepted format is taken", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  for (const format of ["jpeg", "png", "webp", "avif"] as const) {
    const response = await upload(demo.origin, await smallPicture(format));
    assertEquals(response.status, 202, await response.text());
    const { state } = await outcome(demo.origin + response.headers.get("location"));
    assertEquals(state, "succeeded");
  }
});

Deno.test("demo: the page comes with a policy, and what changes something is for it alone", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  const page = await fetch(demo.origin);
  const html = await page.text();
  assertMatch(page.headers.get("content-security-policy")!, /^default-src 'self'/);
  assert(!/<script(?![^>]*src=)|<style|style=|onclick=/.test(html), "something is inline");
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[\w.]+)"/g)) {
    const asset = await fetch(demo.origin + path);
    await asset.body?.cancel();
    assertEquals(asset.status, 200, path);
  }
  const elsewhere = { "sec-fetch-site": "cross-site", "content-type": "application/json" };
  const forged = await fetch(`${demo.origin}/partner/switch`, {
    method: "PUT",
    headers: elsewhere,
    body: '{"on":false}',
  });
  assertEquals([forged.status, (await forged.json()).error.code], [403, "other_site"]);
  const drain = await fetch(`${demo.origin}/dabba/drain`, { method: "POST" });
  await drain.body?.cancel();
  assertEquals(drain.status, 401);
});

Deno.test("demo: the partner takes a postcard once, however often it is sent", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  const send = () =>
    fetch(`${demo.origin}/partner/postcards`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "a" },
      body: '{"text":"Hello"}',
    });
  const [first, second] = [await send(), await send()];
  assertEquals([first.status, second.status], [201, 200]);
  assertEquals(await first.json(), await second.json());
});

Deno.test("demo: a picture whose worker was killed is made by the next one", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  const response = await upload(demo.origin, await smallPicture("jpeg"));
  await response.body?.cancel();
  const location = demo.origin + response.headers.get("location");
  await follow(location, ({ message }) => message.state === "leased");
  await demo.end("SIGKILL");
  await demo.restart();
  const { state, attempts, crashes } = await outcome(location);
  assertEquals([state, attempts, crashes], ["succeeded", 1, 1]);
});

Deno.test("demo: a port that is taken, or is none, ends it with code 1 and one line", async () => {
  await using store = await openStore();
  await using demo = await DemoProcess.start(store);
  const taken = new URL(demo.origin).port;
  for (const [port, words] of [[taken, "port is taken"], ["http", 'PORT "http"']]) {
    const process = spawnDemo({ ...store.env, PORT: port! });
    const [{ code }, out, err] = await Promise.all([
      process.status,
      new Response(process.stdout).text(),
      new Response(process.stderr).text(),
    ]);
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, words!);
    assertEquals(err.trim().split("\n").length, 1, err);
  }
});

Deno.test("demo: a store that cannot be reached is said on the terminal, and answered 503", async () => {
  await using files = await openStore();
  const env = {
    ...files.env,
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
    UPSTASH_REDIS_REST_TOKEN: "a-token-that-must-not-show",
  };
  await using demo = await DemoProcess.start({ ...files, env });
  const response = await sendJson(`${demo.origin}/postcards`, "POST", { text: "Hello" });
  assertEquals(response.status, 503);
  const { error } = await response.json();
  assertStringIncludes(error.message, "try again later");
  await turnPartner(demo.origin, true);
  assertEquals((await demo.end("SIGTERM")).code, 0);
  assertStringIncludes(demo.output, "the store does not answer");
  assert(!demo.output.includes("a-token-that-must-not-show"));
});
