/** The plan: the rows of a message's schedule, with what became of each attempt. */

import { serverNow } from "./http.js";
import { secondsUntil, timeText } from "./words.js";

/** Gives a row for each attempt that the schedule allows: `{ attempt, wait, kind, outcome }`. */
export function planRows(schedule, status) {
  return ["at once", ...schedule].map((wait, index) => {
    const attempt = index + 1;
    return { attempt, wait, ...outcomeOf(attempt, status) };
  });
}

function outcomeOf(attempt, status) {
  const { state, attempts, finishedAt, output } = status;
  if (attempt === attempts && state === "succeeded") {
    return { kind: "good", outcome: `${timeText(finishedAt)}  Sent as ${output?.reference}` };
  }
  if (attempt === attempts && state === "leased") return { kind: "now", outcome: "Running …" };
  if (attempt <= attempts) return failure(attempt, status.history);
  if (attempt === attempts + 1 && state === "scheduled") {
    return { kind: "now", outcome: dueText(status) };
  }
  if (attempt === attempts + 1 && state === "ready") return { kind: "now", outcome: "Due now" };
  return { kind: "open", outcome: "–" };
}

// A message that was sent round again has had an attempt of this number before: the last one counts.
function failure(attempt, history) {
  const entry = history.findLast((record) => record.attempt === attempt);
  if (!entry) return { kind: "bad", outcome: "Failed" };
  return { kind: "bad", outcome: `${timeText(entry.at)}  ${entry.message}` };
}

/** Says when the next attempt comes. */
export function dueText({ nextAttemptAt }) {
  const left = secondsUntil(nextAttemptAt, serverNow());
  return left === "0 s" ? "Due now" : `In ${left}`;
}
