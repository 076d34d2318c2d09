/** Replies that never arrive whole, marked for whoever has the connection. */

const hungUp = new WeakSet<Response>();
const cutAfter = new WeakMap<Response, number>();

/**
 * Makes a reply that never comes: the connection is reset, so the client's `fetch` rejects.
 *
 * ```ts
 * import { hangUp, serveBreakable } from "@dabba/queue/testing";
 *
 * await using server = await serveBreakable(() => hangUp());
 * console.log(await fetch(server.url).catch((error) => error.name)); // TypeError
 * ```
 */
export function hangUp(): Response {
  const response = new Response(null, { status: 500 });
  hungUp.add(response);
  return response;
}

/** Says whether a reply is one that `hangUp` made. */
export function isHungUp(response: Response): boolean {
  return hungUp.has(response);
}

/**
 * Has a reply break off after some bytes of its body: `fetch` resolves, reading it rejects.
 *
 * ```ts
 * import { cutOff, serveBreakable } from "@dabba/queue/testing";
 *
 * await using server = await serveBreakable(() => cutOff(new Response("a long reply"), 5));
 * const response = await fetch(server.url);
 * console.log(response.status, await response.text().catch((error) => error.name)); // 200 TypeError
 * ```
 */
export function cutOff(reply: Response, afterBytes: number): Response {
  cutAfter.set(reply, afterBytes);
  return reply;
}

/** Says after how many bytes a reply is to break off; undefined for one that arrives whole. */
export function cutAt(response: Response): number | undefined {
  return cutAfter.get(response);
}

/** Gives what a client's `fetch` would make of a marked reply; anything else comes back as it is. */
export async function asFetched(response: Response): Promise<Response> {
  if (isHungUp(response)) throw new TypeError("fetch failed: the connection was reset");
  const limit = cutAt(response);
  if (limit === undefined) return response;
  const { status, headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, limit);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(new TypeError("the connection was reset")),
  });
  return new Response(body, { status, headers });
}
