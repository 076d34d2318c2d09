/** The OpenAPI document: every route as it is served, and every task with its schemas. */

import type { Producer } from "../../producer/producer.ts";
import type { ToJsonSchema } from "../../json_schema.ts";
import type { Known } from "../../known_options.ts";
import type { Part } from "./answers.ts";
import { makeBodies } from "./bodies.ts";
import {
  documentOperation,
  drainOperation,
  eventsOperation,
  healthOperation,
  messageOperation,
  metricsOperation,
  SCHEME,
  taskOperation,
} from "./operations.ts";
import { typeNames } from "./task_names.ts";
import { taskSchemas } from "./task_schemas.ts";

/** Says what the document is called and how it is made. */
export interface OpenApiOptions {
  /** Who may read it: anybody, or only who has the secret. @default "open" */
  readonly access?: "open" | "secret";
  /** The title. @default "Tasks" */
  readonly title?: string;
  /** The version of your API. @default "0.0.0" */
  readonly version?: string;
  /**
   * Makes JSON Schemas for a validator that does not speak Standard JSON Schema, as zod ≥ 4.2 and
   * arktype do: `(schema) => toJsonSchema(schema)`. Without it, such inputs are told as any JSON.
   */
  readonly toJsonSchema?: ToJsonSchema;
}

/** The names of what can be said of the document. */
export const OPENAPI_OPTIONS: Known<OpenApiOptions> = {
  access: true,
  title: true,
  version: true,
  toJsonSchema: true,
};

/** Says which routes there are, and who may use them. */
export interface ServedRoutes {
  /** Whether tasks are enqueued. */
  readonly tasks: boolean;
  /** Whether there is `/drain`. */
  readonly drain: boolean;
  /** Whether there is `/metrics`. */
  readonly metrics: boolean;
  /** Who may read messages. */
  readonly messages: "open" | "secret";
}

/** Makes the document, but for `servers`. */
export function openApiDocument(
  dabba: Producer,
  served: ServedRoutes,
  options: OpenApiOptions,
): Part {
  const { title = "Tasks", version = "0.0.0", access = "open", toJsonSchema } = options;
  const { definitions } = dabba;
  const names = typeNames(definitions.map(({ name }) => name));
  const tasks = served.tasks ? definitions : [];
  const taskPaths = tasks.map((definition) => {
    const { payloadLimit } = dabba.task(definition.name);
    const name = names.get(definition.name)!;
    return [`/tasks/${definition.name}`, {
      post: taskOperation({ definition, name, payloadLimit }),
    }];
  });
  return {
    openapi: "3.1.0",
    info: { title, version, description: ABOUT },
    tags: TAGS,
    paths: {
      ...Object.fromEntries(taskPaths),
      "/messages/{id}": { get: messageOperation(served.messages) },
      "/messages/{id}/events": { get: eventsOperation(served.messages) },
      ...(served.drain
        ? { "/drain": { post: drainOperation("post"), get: drainOperation("get") } }
        : {}),
      "/healthz": { get: healthOperation() },
      ...(served.metrics ? { "/metrics": { get: metricsOperation() } } : {}),
      "/openapi.json": { get: documentOperation(access) },
    },
    components: {
      securitySchemes: { [SCHEME]: { type: "http", scheme: "bearer" } },
      schemas: { ...makeBodies(), ...taskSchemas(definitions, names, toJsonSchema) },
    },
  };
}

const ABOUT = "Background tasks. Enqueueing answers 202 once the store has the message; " +
  "Location tells where it stands. A request may be sent again without harm under the same `id`.";

const TAGS = [
  { name: "tasks", description: "Enqueueing." },
  { name: "messages", description: "What became of it." },
  { name: "work", description: "For crons and monitors." },
];
