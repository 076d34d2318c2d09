/** HTTP: requests to the demo, whose refusals come back as sentences. */

/** Is a request that the demo answered with a no, or did not answer. */
export class Failed extends Error {
  /** Makes it; status 0 means that there was no answer. */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// By how much the demo's clock is ahead of this one: countdowns follow the demo's.
let ahead = 0;

/** Tells the time by the demo's clock, in milliseconds. */
export function serverNow() {
  return Date.now() + ahead;
}

/** Sends a request; gives the answer and its JSON, or throws `Failed`. */
export async function call(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Failed(0, "The demo does not answer. Is it still running?");
  });
  const body = await answer.json().catch(() => undefined);
  if (!answer.ok) throw new Failed(answer.status, sentence(answer.status, body));
  learnTime(answer.headers.get("date"));
  return { location: answer.headers.get("location"), body };
}

/** Sends JSON. */
export function send(method, path, value) {
  return call(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
}

function sentence(status, body) {
  const said = body?.error?.issues?.[0]?.message ?? body?.error?.message;
  return said ?? `Something went wrong (${status}). Please try again.`;
}

// The header knows whole seconds only: small differences are its rounding, not the clock's.
function learnTime(date) {
  const difference = Date.parse(date ?? "") + 500 - Date.now();
  if (Math.abs(difference) > 2_000) ahead = difference;
}
