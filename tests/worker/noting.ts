/** A task of the worker's tests. */

import { defineTask, type Task } from "@dabba/queue";
import { z } from "zod";

/** Makes a task that notes its inputs, one for each time that it is run. */
export function noting(): { inputs: number[]; task: Task<number, number, undefined> } {
  const inputs: number[] = [];
  const task = defineTask(
    "note",
    { input: z.number(), backoff: ["1s"] },
    (input) => void inputs.push(input),
  );
  return { inputs, task };
}
