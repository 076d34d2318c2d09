/** Local references: a schema's own `#/…`, led to where the schema stands in the document. */

import type { JsonSchema } from "../../json_schema.ts";

/** Keywords whose value is data, not a schema. */
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "examples", "example"]);

/** Keywords whose value maps names to schemas: a name is no keyword, whatever it is. */
const MAPS: ReadonlySet<string> = new Set([
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"],
]);

/** Moves a schema to `at`, such as `#/components/schemas/Cat`: its references follow. */
export function moveSchema(schema: JsonSchema, at: string): JsonSchema {
  // The document says which draft it is for all of its schemas.
  const { $schema: _, ...rest } = schema;
  return moveObject(rest, at);
}

function move(value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((each) => move(each, at));
  return isObject(value) ? moveObject(value, at) : value;
}

function moveObject(schema: JsonSchema, at: string): JsonSchema {
  // It is a resource of its own: its references are local to it already.
  if (typeof schema["$id"] === "string") return schema;
  return mapValues(schema, (value, keyword) => {
    if (DATA.has(keyword)) return value;
    if (MAPS.has(keyword) && isObject(value)) return mapValues(value, (each) => move(each, at));
    if (keyword === "$ref" && typeof value === "string") return follow(value, at);
    return move(value, at);
  });
}

// "#" is the whole schema, "#/…" a part of it; an anchor or another document stays as it is.
function follow(ref: string, at: string): string {
  return ref === "#" || ref.startsWith("#/") ? at + ref.slice(1) : ref;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues(object: JsonSchema, change: (value: unknown, key: string) => unknown) {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  );
}
