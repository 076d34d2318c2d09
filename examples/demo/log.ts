/** The terminal's view: one line for each thing that happens to a message. */

import type { Listeners } from "@dabba/queue";

/** Makes listeners that write lines. Payloads are not part of events, so none is written. */
export function logTo(write: (line: string) => void): Listeners {
  const say = (id: string, text: string) => write(`${time()}  ${id.slice(0, 8)}  ${text}`);
  return {
    enqueued: ({ id, task }) => say(id, `${task} enqueued`),
    started: ({ id, task, attempt }) => say(id, `${task} attempt ${attempt}`),
    succeeded: ({ id, task, durationMs }) =>
      say(id, `${task} succeeded in ${Math.round(durationMs)} ms`),
    retried: ({ id, task, delayMs, error }) =>
      say(id, `${task} failed: ${error.message}; again in ${delayMs / 1_000} s`),
    dead: ({ id, task, error }) => say(id, `${task} gave up: ${error.message}`),
    released: ({ id, task }) => say(id, `${task} handed back, since the worker stops`),
    leaseLost: ({ id, task }) => say(id, `${task} lost: another worker has it`),
    outage: ({ error }) => write(`${time()}  the store does not answer: ${error.message}`),
    recovered: () => write(`${time()}  the store answers again`),
  };
}

function time(): string {
  return new Date().toTimeString().slice(0, 8);
}
