/** JSON Schemas of tasks, by Standard JSON Schema (https://standardschema.dev/json-schema). */

import type { Schema } from "./schema.ts";

/** Is a JSON Schema of the draft 2020-12, as an object. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * Makes a JSON Schema (2020-12) of a validator that cannot do it itself: of what the validator
 * takes, as JSON. Undefined leaves it to the validator.
 */
export type ToJsonSchema = (schema: Schema) => JsonSchema | undefined;

/** The part of a validator that speaks Standard JSON Schema. */
interface Converting {
  readonly jsonSchema?: {
    readonly input?: (options: {
      readonly target: "draft-2020-12";
      readonly libraryOptions?: Readonly<Record<string, unknown>>;
    }) => JsonSchema;
  };
}

const TARGET = { target: "draft-2020-12" } as const;

/** What JSON Schema cannot say becomes "anything", in the words of zod and of valibot. */
const LENIENT = { ...TARGET, libraryOptions: { unrepresentable: "any", errorMode: "ignore" } };

/** Makes the JSON Schema of what a validator takes; undefined where nobody can. */
export function jsonSchemaOf(schema: Schema, convert?: ToJsonSchema): JsonSchema | undefined {
  const given = convert?.(schema);
  if (given !== undefined) return given;
  const input = (schema["~standard"] as Converting).jsonSchema?.input;
  if (typeof input !== "function") return undefined;
  // The standard lets it throw for what it cannot say, such as a Date.
  return attempt(() => input(TARGET)) ?? attempt(() => input(LENIENT));
}

function attempt(make: () => JsonSchema): JsonSchema | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
