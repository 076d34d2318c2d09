/** Operations: one for each route, and one for each task. */

import type { TaskDefinition } from "../../task.ts";
import { ENQUEUED_HEADERS, json, type Part, plain, refusals, WAIT_HEADERS } from "./answers.ts";
import { bodyRef } from "./bodies.ts";
import { taskQuery } from "./task_parameters.ts";

/** Says who may call an operation. */
export type Access = "open" | "secret" | "either";

/** What the document calls the way in: a bearer secret. */
export const SCHEME = "secret";

const SECURITY: Readonly<Record<Access, readonly Part[]>> = {
  open: [],
  secret: [{ [SCHEME]: [] }],
  either: [{}, { [SCHEME]: [] }],
};

/** Is what an operation for a task needs to know. */
export interface TaskOperation {
  /** The task. */
  readonly definition: TaskDefinition;
  /** What it is called in the document. */
  readonly name: string;
  /** The largest input, in bytes. */
  readonly payloadLimit: number;
}

/** Describes `POST /tasks/:name` for one task. */
export function taskOperation({ definition, name, payloadLimit }: TaskOperation): Part {
  const task = definition.name;
  const parameters = { id: "$response.body#/id" };
  const links = { message: { operationId: "getMessage", parameters } };
  const schema = bodyRef(`${name}Input`);
  return {
    operationId: `enqueue${name}`,
    summary: `Enqueues ${task}`,
    tags: ["tasks"],
    security: SECURITY.secret,
    parameters: taskQuery(),
    requestBody: {
      description: `The task's input, at most ${payloadLimit} bytes.`,
      required: true,
      content: { "application/json": { schema } },
    },
    responses: {
      202: json("The message is in the store.", bodyRef("Enqueued"), {
        headers: ENQUEUED_HEADERS,
        links,
      }),
      409: json("Another message holds this id or this dedupe key.", bodyRef("Duplicate"), {
        headers: ENQUEUED_HEADERS,
        links,
      }),
      ...refusals(400, 401, 413, 415, 500, 503),
    },
  };
}

const ID = {
  name: "id",
  in: "path",
  required: true,
  description: "The message's id.",
  schema: { type: "string" },
};

/** Describes `GET /messages/:id`. */
export function messageOperation(access: Access): Part {
  return {
    operationId: "getMessage",
    summary: "Tells where a message stands",
    tags: ["messages"],
    security: SECURITY[access],
    parameters: [ID],
    responses: {
      200: json("Where it stands.", bodyRef("Message"), { headers: WAIT_HEADERS }),
      ...refusals(...(access === "secret" ? [401] : []), 404, 500, 503),
    },
  };
}

/** Describes `GET /messages/:id/events`. */
export function eventsOperation(access: Access): Part {
  const lastEventId = {
    name: "Last-Event-ID",
    in: "header",
    description: "The id of the last event that was seen.",
    schema: { type: "string" },
  };
  return {
    operationId: "followMessage",
    summary: "Follows a message, until its result or for a few minutes",
    description: "Server-sent events `state`, `progress` and `result`; the data of each is the " +
      "JSON that getMessage answers with, the output in `result` only.",
    tags: ["messages"],
    security: SECURITY[access],
    parameters: [ID, lastEventId],
    responses: {
      200: plain("The events.", "text/event-stream"),
      204: { description: "The listener has the result already." },
      ...refusals(...(access === "secret" ? [401] : []), 404, 500, 503),
    },
  };
}

/** Describes `POST /drain` or `GET /drain`. */
export function drainOperation(method: "get" | "post"): Part {
  const budget = {
    name: "budget",
    in: "query",
    description: "The time it may take, at most what the server allows, such as `30s`.",
    schema: { type: "string" },
  };
  return {
    operationId: method === "post" ? "drain" : "drainByGet",
    summary: "Runs what is due, for as long as it may",
    tags: ["work"],
    security: SECURITY.secret,
    parameters: [budget],
    responses: { 200: json("What it did.", bodyRef("Drained")), ...refusals(400, 401, 500, 503) },
  };
}

/** Describes `GET /healthz`. */
export function healthOperation(): Part {
  return {
    operationId: "getHealth",
    summary: "Tells whether the store answers and the work keeps up",
    tags: ["work"],
    security: SECURITY.either,
    responses: {
      200: json("All is well.", bodyRef("Health")),
      503: json("The store cannot be used, or messages wait too long.", bodyRef("Health")),
    },
  };
}

/** Describes `GET /metrics`. */
export function metricsOperation(): Part {
  return {
    operationId: "getMetrics",
    summary: "Counts what the store holds and this process did, for Prometheus",
    tags: ["work"],
    security: SECURITY.secret,
    responses: { 200: plain("The metrics.", "text/plain"), ...refusals(401, 500, 503) },
  };
}

/** Describes `GET /openapi.json`. */
export function documentOperation(access: Access): Part {
  return {
    operationId: "getDocument",
    summary: "Gives this document",
    tags: ["work"],
    security: SECURITY[access],
    responses: {
      200: json("This document.", { type: "object" }, {
        headers: { ETag: { schema: { type: "string" } } },
      }),
      304: { description: "It has not changed." },
      ...(access === "secret" ? refusals(401) : {}),
    },
  };
}
