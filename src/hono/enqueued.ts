/** The answer to a request that has enqueued something. */

import type { TypedResponse } from "hono";
import type { Receipt } from "../receipt.ts";
import { answer, type AnyContext } from "./answer.ts";
import { locationOf, visitOf } from "./visit.ts";

/** Is the body of a 202: the message is in the store. */
export interface EnqueuedBody {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** Whether this message was stored, or another one holds its id or its dedupe key. */
  readonly disposition: "enqueued" | "duplicate";
  /** The path that tells where the message stands, as in `Location`. */
  readonly status: string;
}

/**
 * Is a 202 as Hono's RPC client knows it.
 *
 * @internal
 */
export type EnqueuedResponse = Response & TypedResponse<EnqueuedBody, 202, "json">;

/** Is the part of a receipt that an answer needs. */
export type Proof = Pick<Receipt, "id" | "task" | "disposition">;

/**
 * Answers 202 for a receipt, with the message's path in `Location`.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { enqueued, withTasks } from "@dabba/queue/hono";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { Hono } from "hono";
 * import { z } from "zod";
 *
 * const resize = defineTask("resize", { input: z.object({ key: z.string() }) }, () => {});
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { resize } });
 * const app = new Hono().use(withTasks(dabba)).post("/avatars", async (c) => {
 *   const receipt = await c.var.tasks.resize.enqueue({ key: "a.png" });
 *   return enqueued(c, receipt);
 * });
 * const response = await app.request("/avatars", { method: "POST" });
 * console.log(response.headers.get("location")); // /dabba/messages/…
 * ```
 */
export function enqueued(c: AnyContext, receipt: Proof): EnqueuedResponse {
  const visit = visitOf(c);
  visit.enqueued();
  const body = enqueuedBody(visit.mount, receipt);
  const headers = { location: body.status, "retry-after": "1" };
  return answer(c, body, { status: 202, headers }) as EnqueuedResponse;
}

/** Makes the body of a 202. */
export function enqueuedBody(mount: string, receipt: Proof): EnqueuedBody {
  const { id, task, disposition } = receipt;
  return { id, task, disposition, status: locationOf(mount, id) };
}
