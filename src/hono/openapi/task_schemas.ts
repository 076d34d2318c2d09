/** The tasks' schemas: what each takes and gives, as components of the document. */

import { type JsonSchema, jsonSchemaOf, type ToJsonSchema } from "../../json_schema.ts";
import type { Schema } from "../../schema.ts";
import type { TaskDefinition } from "../../task.ts";
import { bodyRef } from "./bodies.ts";
import { moveSchema } from "./local_refs.ts";
import type { TypeNames } from "./task_names.ts";

type Components = Record<string, JsonSchema>;

/** Makes `EmailWelcomeInput`, `EmailWelcomeOutput`, `EmailWelcomeMessage` and `Message`. */
export function taskSchemas(
  definitions: readonly TaskDefinition[],
  names: TypeNames,
  convert: ToJsonSchema | undefined,
): Components {
  const components: Components = {};
  const add = (name: string, schema: Schema) => {
    const found = jsonSchemaOf(schema, convert);
    components[name] = found ? moveSchema(found, `#/components/schemas/${name}`) : unknownSchema();
  };
  const variants: JsonSchema[] = [];
  for (const { name: task, input, output } of definitions) {
    const name = names.get(task)!;
    add(`${name}Input`, input);
    if (output === undefined) continue;
    // What travels is what the handler returned: the side that the output's schema takes in.
    add(`${name}Output`, output);
    components[`${name}Message`] = messageOf(task, `${name}Output`);
    variants.push(bodyRef(`${name}Message`));
  }
  const typed = definitions.filter(({ output }) => output !== undefined).map(({ name }) => name);
  components["Message"] = variants.length === 0
    ? bodyRef("MessageStatus")
    : { anyOf: [...variants, otherMessage(typed)] };
  return components;
}

function messageOf(task: string, output: string): JsonSchema {
  const properties = { task: { const: task }, output: bodyRef(output) };
  return { allOf: [bodyRef("MessageStatus"), { type: "object", properties }] };
}

function otherMessage(tasks: readonly string[]): JsonSchema {
  const properties = { task: { not: { enum: tasks } } };
  return { allOf: [bodyRef("MessageStatus"), { type: "object", properties }] };
}

function unknownSchema(): JsonSchema {
  return { description: "Any JSON; its validator tells no schema, and checks it all the same." };
}
