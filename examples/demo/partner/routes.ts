/** The partner's API over HTTP: it takes postcards, and the page may switch it off. */

import { Hono } from "hono";
import { z } from "zod";
import { Refusal } from "../refusal.ts";
import type { Partner } from "./partner.ts";

const postcard = z.object({ text: z.string().min(1).max(1_000) });
const position = z.object({ on: z.boolean() });

/** Makes the routes: `POST /postcards`, `GET /switch`, `PUT /switch`. */
export function partnerRoutes(partner: Partner): Hono {
  return new Hono()
    .post("/postcards", async (c) => {
      if (!await partner.isOn()) return c.json({ error: "The partner's API is switched off" }, 503);
      const key = c.req.header("idempotency-key");
      if (!key) throw new Refusal(400, "key_missing", "Send an Idempotency-Key.");
      const { text } = await readJson(c.req.raw, postcard);
      const { reference, again } = await partner.take(key, text);
      return c.json({ reference }, again ? 200 : 201);
    })
    .get("/switch", async (c) => c.json({ on: await partner.isOn() }))
    .put("/switch", async (c) => {
      const { on } = await readJson(c.req.raw, position);
      await partner.turn(on);
      return c.json({ on });
    });
}

/** Reads a JSON body; throws a `Refusal` when it is not what the schema wants. */
async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const read = schema.safeParse(await request.json().catch(() => undefined));
  if (read.success) return read.data;
  throw new Refusal(400, "wrong_body", `Send JSON that fits: ${z.prettifyError(read.error)}`);
}
