/** An application whose tasks have schemas of every kind, and its document, with what reads it. */
import { Dabba, defineTask, type Schema } from "@dabba/queue";
import { dabbaRoutes, type DabbaRoutesOptions } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/2020";
import formats from "ajv-formats";
import { Hono } from "hono";
import { z } from "zod";

/** A secret that opens the routes. */
export const SECRET = "lunch-at-twelve-sharp";

/** The header that carries it. */
export const BEARER = { authorization: `Bearer ${SECRET}` };

/** A validator that speaks Standard Schema, and no Standard JSON Schema. */
export const mute: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "mute",
    validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "no" }] },
  },
};

interface Box {
  readonly label: string;
  readonly inside: readonly Box[];
}

const box: z.ZodType<Box> = z.object({
  label: z.string(),
  get inside() {
    return z.array(box);
  },
});

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email(), greeting: z.string().default("Hello") }),
  output: z.object({ sent: z.boolean(), at: z.coerce.date(), size: z.string().transform(Number) }),
}, ({ greeting }) => ({ sent: true, at: "2030-01-31T09:00:00Z", size: `${greeting.length}` }));

const pack = defineTask("box:pack", { input: box }, ({ inside }) => inside.length);
const plain = defineTask("mute", { input: mute }, (text) => text);

type Tasks = {
  readonly welcome: typeof welcome;
  readonly pack: typeof pack;
  readonly plain: typeof plain;
};

/** Is the application: its tasks, its routes, and the app that they are mounted in at /dabba. */
export interface Pantry {
  readonly dabba: Dabba<Tasks>;
  readonly routes: Hono;
  readonly app: Hono;
}

/** The application, on SQLite in memory; close its `dabba`. */
export function pantry(options: DabbaRoutesOptions = {}): Pantry {
  const broker = sqliteBroker({ path: ":memory:" });
  const dabba = new Dabba({ broker, tasks: { welcome, pack, plain } });
  const routes = dabbaRoutes(dabba, { secret: SECRET, ...options }) as unknown as Hono;
  return { dabba, routes, app: new Hono().route("/dabba", routes) };
}

/** Any object of a document. */
// deno-lint-ignore no-explicit-any -- a document is read as it comes
export type Part = Record<string, any>;

/** Asks for the document. */
export async function documentOf(app: { request: Hono["request"] }): Promise<Part> {
  const response = await app.request("/dabba/openapi.json");
  assertEquals(response.status, 200);
  return await response.json();
}

/** Says what is wrong with a value, by a schema of the document; null for nothing. */
export function findings(document: Part, pointer: string, value: unknown): string | null {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema({ $id: "document", ...document });
  const validate = ajv.compile({ $ref: `document#${pointer}` });
  return validate(value) ? null : ajv.errorsText(validate.errors);
}
