/** `POST /tasks/:name`: enqueues for whoever knows the secret, in any language. */

import type { Producer } from "../producer/producer.ts";
import { answer, type AnyContext, type Serve } from "./answer.ts";
import { readJson } from "./body.ts";
import { type EnqueuedBody, enqueuedBody } from "./enqueued.ts";
import type { ErrorBody } from "./errors.ts";
import { readTaskQuery } from "./task_query.ts";
import { visitOf } from "./visit.ts";

/** Is the body of a 409: another message holds the id or the dedupe key. */
export type DuplicateBody = EnqueuedBody & ErrorBody;

/** Makes the handler that enqueues a task by its name. */
export function serveTask(dabba: Producer): Serve {
  return async function task(c) {
    const name = c.req.param("name") ?? "";
    const task = dabba.task(name);
    const options = readTaskQuery(c);
    const input = await readJson(c, task.payloadLimit);
    const receipt = await task.enqueue(input, options);
    visitOf(c).enqueued();
    const body = enqueuedBody(mountOfRoute(c), receipt);
    const headers = { location: body.status, "retry-after": "1" };
    if (receipt.disposition === "enqueued") return answer(c, body, { status: 202, headers });
    return answer(c, duplicateBody(body), { status: 409, headers });
  };
}

/** The path before `/tasks/:name`, wherever the routes were mounted. */
function mountOfRoute(c: AnyContext): string {
  const { path } = c.req;
  return path.slice(0, path.lastIndexOf("/tasks/"));
}

function duplicateBody(body: EnqueuedBody): DuplicateBody {
  const message = `Message "${body.id}" holds this id or this dedupe key`;
  return { ...body, error: { code: "duplicate", message } };
}
