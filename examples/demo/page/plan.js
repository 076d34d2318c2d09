/** The plan: the rows of a message's schedule, with what became of each attempt. */

import { serverNow } from "./http.js";
import { secondsUntil, timeText } from "./words.js";

/** Gives a row for each attempt that the schedule allows: number, wait, time and outcome. */
export function planRows(schedule, status) {
  return ["0s", ...schedule].map((wait, index) => {
    const attempt = index + 1;
    const spaced = wait.replace(/^(\d+)/, "$1 ");
    return { attempt, wait: spaced, ended: "–", ...outcomeOf(attempt, status) };
  });
}

function outcomeOf(attempt, status) {
  const { state, attempts, finishedAt, output } = status;
  if (attempt === attempts && state === "succeeded") {
    return { kind: "good", ended: timeText(finishedAt), outcome: `Sent, ${output?.reference}` };
  }
  if (attempt === attempts && state === "leased") return { kind: "now", outcome: "running …" };
  if (attempt <= attempts) return failure(attempt, status.history);
  if (attempt > attempts + 1) return { kind: "open", outcome: "–" };
  if (state === "scheduled") return { kind: "now", outcome: dueText(status) };
  return state === "ready" ? { kind: "now", outcome: "due now" } : { kind: "open", outcome: "–" };
}

// A message that was sent round again has had an attempt of this number before: the last one counts.
function failure(attempt, history) {
  const entry = history.findLast((record) => record.attempt === attempt);
  if (!entry) return { kind: "bad", outcome: "Failed" };
  return { kind: "bad", ended: timeText(entry.at), outcome: entry.message };
}

/** Says when the next attempt comes. */
export function dueText({ nextAttemptAt }) {
  const left = secondsUntil(nextAttemptAt, serverNow());
  return left === "0 s" ? "due now" : `in ${left}`;
}
