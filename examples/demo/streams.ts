/** Live streams: ended when the demo stops, which would else wait for them until their outcome. */

import type { MiddlewareHandler } from "hono";

/** Makes a middleware that ends streams of events when the signal aborts; browsers come back. */
export function endStreamsAt(signal: AbortSignal): MiddlewareHandler {
  return async function endStreams(c, next) {
    await next();
    const { body, headers } = c.res;
    if (body === null || headers.get("content-type") !== "text/event-stream") return;
    c.res = new Response(body.pipeThrough(until(signal)), c.res);
  };
}

function until(signal: AbortSignal): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let end = () => {};
  const listenNoMore = () => signal.removeEventListener("abort", end);
  return new TransformStream({
    start(controller) {
      end = () => controller.terminate();
      signal.addEventListener("abort", end, { once: true });
    },
    flush: listenNoMore,
    cancel: listenNoMore,
  });
}
