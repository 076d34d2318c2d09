/** A visit: what the middleware leaves in a request's context for the rest of this package. */

import { basePath } from "hono/route";
import type { AnyContext } from "./answer.ts";

/** Is what is known of one request. */
export interface Visit {
  /** The path where `dabbaRoutes` is mounted, from the root of the host; empty for the root. */
  readonly mount: string;
  /** Takes down that the store has a message of this request. */
  enqueued(): void;
}

/** Where `dabbaRoutes` is mounted unless `withTasks` says otherwise. */
export const DEFAULT_MOUNT = "/dabba";

const VARIABLE = "dabba";

/** Leaves a visit in the context. */
export function beginVisit(c: AnyContext, visit: Visit): void {
  c.set(VARIABLE, visit);
}

/** Gives the visit of a request; one of its own where `withTasks` is not used. */
export function visitOf(c: AnyContext): Visit {
  const visit: Visit | undefined = c.get(VARIABLE);
  return visit ?? { mount: mountOf(c, DEFAULT_MOUNT), enqueued() {} };
}

/** Puts a mount point behind the base path of the app that the running handler belongs to. */
export function mountOf(c: AnyContext, mountedAt: string): string {
  return trimEnd(basePath(c)) + trimEnd(mountedAt);
}

/** The path of a message's status; ids need no escaping, a mount that came decoded does. */
export function locationOf(mount: string, id: string): string {
  return `${encodeMount(mount)}/messages/${id}`;
}

/** Escapes a mount point for a URL. */
export function encodeMount(mount: string): string {
  // Hono decodes all but %25.
  return encodeURI(mount).replaceAll("%2525", "%25");
}

function trimEnd(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}
