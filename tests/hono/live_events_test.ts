/** Events over a real connection: a server on loopback, and fetch. */
import { assert, assertEquals } from "@std/assert";
import type { Broker, Dabba } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { broken, greeter, routes, type Tasks } from "./greeter.ts";

interface Event {
  readonly name: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** Reads a stream's events as a browser does. */
async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const found = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(block);
      if (found) yield { name: found[1]!, id: found[2]!, data: JSON.parse(found[3]!) };
    }
  }
}

interface Served extends AsyncDisposable {
  readonly url: string;
}

function serve(dabba: Dabba<Tasks>): Served {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, routes(dabba, { eventsFor: "15s" }).fetch);
  return {
    url: `http://127.0.0.1:${server.addr.port}/dabba`,
    // Waits for every request that is still being answered.
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Counts the looks at messages, and tells of each. */
function watched(): { broker: Broker; reads: () => number; nthRead: (n: number) => Promise<void> } {
  let reads = 0;
  const waiting: { n: number; resolve: () => void }[] = [];
  const broker = broken(sqliteBroker({ path: ":memory:" }), "read", (read) => (ids) => {
    reads++;
    for (const { n, resolve } of waiting) if (reads >= n) resolve();
    return read(ids);
  });
  const nthRead = (n: number) => new Promise<void>((resolve) => waiting.push({ n, resolve }));
  return { broker, reads: () => reads, nthRead };
}

Deno.test("GET /messages/:id/events follows a message to its result, live", async () => {
  const next = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  await using dabba = greeter({
    async work({ name }, ctx) {
      ctx.progress({ done: 1 });
      await next[0]!.promise;
      ctx.progress({ done: 2 });
      await next[1]!.promise;
      return `done for ${name}`;
    },
  });
  await using served = serve(dabba);
  const { id } = await dabba.tasks.custom.enqueue({ name: "Ada" });
  const response = await fetch(`${served.url}/messages/${id}/events`);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  const events: Event[] = [];
  const working: Promise<unknown>[] = [];
  for await (const event of read(response.body!)) {
    events.push(event);
    // Each step waits until the one before was seen: nothing is left to chance or time.
    if (events.length === 1) working.push(dabba.worker().drain());
    if (event.name === "progress") next[working.push(Promise.resolve()) - 2]!.resolve();
  }
  await Promise.all(working);
  const names = events.map(({ name, data }) => name === "state" ? data.state : name);
  assertEquals(names, ["ready", "leased", "progress", "progress", "succeeded", "result"]);
  assertEquals(events.at(-1)!.data.output, "done for Ada");
});

Deno.test("GET /messages/:id/events answers 204 to a browser that has the result", async () => {
  await using dabba = greeter();
  await using served = serve(dabba);
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  await dabba.worker().drain();
  const url = `${served.url}/messages/${id}/events`;
  const first = await fetch(url);
  const events = await Array.fromAsync(read(first.body!));
  const again = await fetch(url, { headers: { "last-event-id": events.at(-1)!.id } });
  assertEquals([again.status, await again.text()], [204, ""]);
  const other = await fetch(url, { headers: { "last-event-id": "leased.1.0.0" } });
  assertEquals((await Array.fromAsync(read(other.body!))).map(({ name }) => name), [
    "state",
    "result",
  ]);
});

Deno.test("GET /messages/:id/events stops asking the store when the client goes away", async () => {
  const { broker, reads, nthRead } = watched();
  await using dabba = greeter({ broker });
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const going = new AbortController();
  {
    await using served = serve(dabba);
    const url = `${served.url}/messages/${id}/events`;
    const response = await fetch(url, { signal: going.signal });
    await response.body!.getReader().read();
    await nthRead(3);
    going.abort();
    // The server ends here as soon as the stream does, which would else go on looking for 15 s.
  }
  assert(reads() < 10, `The store was asked ${reads()} times`);
});

Deno.test("GET /messages/:id/events asks nothing while nobody reads", async () => {
  const { broker, reads } = watched();
  await using dabba = greeter({ broker });
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const response = await routes(dabba).request(`/dabba/messages/${id}/events`);
  assertEquals([response.status, reads()], [200, 1]);
  await response.body!.cancel();
});

Deno.test("GET /messages/:id/events ends when the time of the stream is over", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const app = routes(dabba, { eventsFor: 1 });
  const response = await app.request(`/dabba/messages/${id}/events`);
  const events = await Array.fromAsync(read(response.body!));
  assertEquals(events.map(({ name }) => name), ["state"]);
});

Deno.test("GET /messages/:id/events ends when its server closes, so that it can shut down", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" }, { delay: "1h" });
  const closing = new AbortController();
  const app = routes(dabba, { signal: closing.signal });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  const url = `http://127.0.0.1:${server.addr.port}/dabba/messages/${id}/events`;
  const events = read((await fetch(url)).body!);
  assertEquals((await events.next()).value?.data.state, "scheduled");
  closing.abort();
  assert((await events.next()).done);
  await server.shutdown();
});
