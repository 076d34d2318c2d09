/** Schemas of any library that speaks Standard Schema (https://standardschema.dev): zod, valibot, … */

import { type Issue, ValidationError } from "./errors.ts";

/** Is any validator that follows Standard Schema version 1, such as a zod schema. */
export interface Schema<In = unknown, Out = In> {
  /** The standard's only property. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Checks a value, at once or later. */
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    /** The types, for the compiler only. */
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** Is what a schema says of a value: the value as parsed, or what is wrong with it. */
export type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Is one finding, as the standard words it. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where it is wrong. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Is what callers pass to a schema. */
export type SchemaInput<S> = S extends Schema<infer In, unknown> ? In : never;

/** Is what a schema gives after parsing. */
export type SchemaOutput<S> = S extends Schema<infer _In, infer Out> ? Out : never;

/** Says whether a value can serve as a schema. */
export function isSchema(value: unknown): value is Schema {
  const standard = (value as Partial<Schema> | null | undefined)?.["~standard"];
  return typeof standard?.validate === "function";
}

/** Is what is parsed. */
export interface Subject {
  /** The task's name. */
  readonly task: string;
  /** What of the task it is. */
  readonly side: "input" | "output";
  /** What leads to it, of many. */
  readonly root?: readonly number[];
}

/** Parses a value, or throws a `ValidationError` that names the subject. */
export function parse<Out>(
  schema: Schema<unknown, Out>,
  value: unknown,
  subject: Subject,
): Out | Promise<Out> {
  const result = schema["~standard"].validate(value);
  // Most schemas answer at once; an `await` here would cost each of them a turn.
  return result instanceof Promise
    ? result.then((late) => accept(late, subject))
    : accept(result, subject);
}

function accept<Out>(
  result: SchemaResult<Out>,
  { task, side, root = [] }: Subject,
): Out {
  if (result.issues) {
    throw new ValidationError(
      task,
      side,
      result.issues.map((issue) => toIssue(issue, root)),
    );
  }
  return result.value;
}

function toIssue({ message, path = [] }: SchemaIssue, root: readonly number[]): Issue {
  const keys = path.map((part) => typeof part === "object" ? part.key : part);
  return {
    message,
    path: [...root, ...keys.map((key) => typeof key === "symbol" ? String(key) : key)],
  };
}
