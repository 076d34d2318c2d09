/** The postcard task's handler: calls the partner over HTTP. */

import { type Handler, RejectError } from "@dabba/queue";
import { z } from "zod";
import type { Postcard, Sent } from "./postcards.ts";

const reply = z.object({ reference: z.string() });

/** Makes the handler for a partner at this address. */
export function sendPostcard(partner: URL): Handler<Postcard, Sent> {
  return async function sendPostcard({ text }, ctx) {
    const response = await fetch(new URL("/partner/postcards", partner), {
      method: "POST",
      // Should this attempt's answer be lost, the next one does not send a second postcard.
      headers: { "content-type": "application/json", "idempotency-key": ctx.id },
      body: JSON.stringify({ text }),
      signal: ctx.signal,
    });
    if (response.ok) return reply.parse(await response.json());
    await response.body?.cancel();
    const refusal = `Partner answered ${response.status}`;
    // What is wrong with the request itself will be wrong the next time too.
    if ([400, 413, 422].includes(response.status)) throw new RejectError(refusal);
    throw new Error(refusal);
  };
}
