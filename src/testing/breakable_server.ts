/** A server that can reset a connection, which neither `Deno.serve` nor `fetch` handlers can. */

import { cutAt, isHungUp } from "./broken_reply.ts";

/** Answers one HTTP request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** Is a server on loopback. */
export interface BreakableServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Ends it, and every connection. */
  close(): Promise<void>;
}

type Incoming = import("node:http").IncomingMessage;
type Outgoing = import("node:http").ServerResponse;

/**
 * Serves a handler on loopback, on a port of its own. Replies of `hangUp` and `cutOff` break their
 * connection. For Deno, Node and Bun.
 *
 * ```ts
 * import { hangUp, serveBreakable } from "@dabba/queue/testing";
 *
 * let calls = 0;
 * await using server = await serveBreakable(() => ++calls === 1 ? hangUp() : new Response("hello"));
 * await fetch(server.url).catch(() => console.log("The first one is lost"));
 * console.log(await (await fetch(server.url)).text()); // hello
 * ```
 */
export async function serveBreakable(handler: Handler): Promise<BreakableServer> {
  // Loaded late: the rest of the testing kit works where there is no node:http.
  const { createServer } = await import("node:http");
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch((error) => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end(`The handler failed: ${error}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://127.0.0.1:${address.port}`;
  return { url, close, [Symbol.asyncDispose]: close };
}

async function answer(handler: Handler, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const response = await handler(await toRequest(incoming));
  if (isHungUp(response)) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const body = new Uint8Array(await response.arrayBuffer());
  const limit = cutAt(response);
  const headers = { ...Object.fromEntries(response.headers), "content-length": body.byteLength };
  outgoing.writeHead(response.status, headers);
  if (limit === undefined) {
    outgoing.end(body);
  } else {
    outgoing.write(body.subarray(0, limit), () => incoming.socket.destroy());
  }
}

async function toRequest(incoming: Incoming): Promise<Request> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of incoming) chunks.push(new Uint8Array(chunk));
  const method = incoming.method ?? "GET";
  const bare = method === "GET" || method === "HEAD";
  const body = bare ? undefined : await new Blob(chunks).arrayBuffer();
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return new Request(`http://127.0.0.1${incoming.url}`, { method, headers, body });
}
