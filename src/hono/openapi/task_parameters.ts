/** Parameters: the options of an enqueue, as the query of `POST /tasks/:name` takes them. */

import { PRIORITIES } from "../../broker/broker.ts";
import type { TaskQuery } from "../task_query.ts";
import type { Part } from "./answers.ts";

const duration = {
  type: "string",
  pattern: "^(?:\\d+|(?:\\d+(?:\\.\\d+)?(?:ms|s|m|h|d|w))+)$",
  examples: ["90s", "1h30m"],
};
const name = { type: "string", pattern: "^[A-Za-z0-9_.:-]{1,64}$" };

const SCHEMAS: Readonly<Record<keyof TaskQuery, readonly [description: string, schema: Part]>> = {
  delay: ["How long to wait before it is due; milliseconds, or text such as `5m`.", duration],
  at: ["When it is due, not together with `delay`.", { type: "string", format: "date-time" }],
  priority: ["The lane.", { enum: PRIORITIES }],
  expiresIn: ["How long it is worth a start.", duration],
  id: ["Its id: a second message of this id is a duplicate.", name],
  dedupeKey: [
    "At most one message of this key within `dedupeTtl`, which must be given, too.",
    { type: "string", minLength: 1, maxLength: 256 },
  ],
  dedupeTtl: ["How long `dedupeKey` holds.", duration],
  queue: ["The queue, if not the task's.", name],
};

/** Makes the parameters of the operations that enqueue. */
export function taskQuery(): Part[] {
  return Object.entries(SCHEMAS).map(
    ([name, [description, schema]]) => ({ name, in: "query", description, schema }),
  );
}
