/** `GET /openapi.json`: the routes and the tasks, for people and programs in any language. */

import type { Producer } from "../producer/producer.ts";
import { type AnyContext, HEADERS, type Serve } from "./answer.ts";
import type { Part } from "./openapi/answers.ts";
import { openApiDocument, type OpenApiOptions, type ServedRoutes } from "./openapi/document.ts";
import { encodeMount } from "./visit.ts";

/** Is an OpenAPI document, as far as every one of them has it. */
export interface OpenApiBody {
  /** The version of OpenAPI. */
  readonly openapi: string;
  /** What the API is called. */
  readonly info: { readonly title: string; readonly version: string };
  /** Where the routes are. */
  readonly servers: readonly { readonly url: string }[];
  /** The routes. */
  readonly paths: Readonly<Record<string, unknown>>;
  /** The schemas and the way in. */
  readonly components: Readonly<Record<string, unknown>>;
}

const PATH = "/openapi.json";

/** Makes the handler that gives the document, made once. */
export function serveOpenApi(
  dabba: Producer,
  served: ServedRoutes,
  options: OpenApiOptions,
): Serve {
  const kept = new KeptDocument(() => openApiDocument(dabba, served, options));
  return async function openapi(c) {
    const { text, etag } = await kept.at(mountOf(c));
    const headers = { ...HEADERS, "cache-control": "no-cache", etag };
    if (matches(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
    return c.body(text, 200, { ...headers, "content-type": "application/json" });
  };
}

interface Written {
  readonly text: string;
  readonly etag: string;
}

/** Keeps the document, and its text for the last place where it was asked for. */
class KeptDocument {
  readonly #make: () => Part;
  #document: Part | undefined;
  #written: Promise<Written> | undefined;
  #mount: string | undefined;

  constructor(make: () => Part) {
    this.#make = make;
  }

  at(mount: string): Promise<Written> {
    if (this.#written === undefined || this.#mount !== mount) {
      this.#mount = mount;
      this.#written = write(this.#document ??= this.#make(), mount);
    }
    return this.#written;
  }
}

async function write({ openapi, info, ...rest }: Part, mount: string): Promise<Written> {
  const text = JSON.stringify({ openapi, info, servers: [{ url: mount || "/" }], ...rest });
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
  );
  const hex = Array.from(digest.slice(0, 12), (byte) => byte.toString(16).padStart(2, "0"));
  return { text, etag: `"${hex.join("")}"` };
}

// Wherever the routes were mounted; a proxy that strips a prefix is not seen from here.
function mountOf(c: AnyContext): string {
  const { path } = c.req;
  return path.endsWith(PATH) ? encodeMount(path.slice(0, -PATH.length)) : "";
}

// A proxy that compresses makes the tag a weak one.
function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
