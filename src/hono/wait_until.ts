/** `waitUntil`, on the platforms that end a request's work with its response. */

import type { AnyContext } from "./answer.ts";

/** Keeps the platform from ending the work before it is done; the work must not fail. */
export function waitUntil(c: AnyContext, work: Promise<unknown>): void {
  const context = executionContext(c);
  if (typeof context?.waitUntil === "function") context.waitUntil(work);
}

// Hono's getter throws where the platform gives none.
function executionContext(c: AnyContext): AnyContext["executionCtx"] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
