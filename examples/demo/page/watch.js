/** The watch: follows a message until its outcome, over restarts of the demo. */

import { call } from "./http.js";
import { shown, turned } from "./shown.js";
import { isFinal } from "./words.js";

/** A browser opens six connections to a server, for all windows: some are for what people press. */
const MOST_STREAMS = 2;
const LOOK_MS = 1_000;

let streams = 0;

/**
 * Follows the message at a location until it is final, gone, or nobody listens: by its live events,
 * and by looking again each second while no stream is to be had.
 */
export async function watch(location, { onStatus, onGone, signal }) {
  let ended = false;
  const tell = (status) => {
    if (signal?.aborted) return;
    ended = isFinal(status.state);
    onStatus(status);
  };
  while (!signal?.aborted) {
    await shown();
    try {
      tell((await call(location, { signal })).body);
    } catch (failed) {
      if (failed.status === 404) return onGone();
    }
    if (!ended && streams < MOST_STREAMS) await stream(location, { tell, signal });
    if (ended || signal?.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Passes on live events until the outcome, or until the connection breaks. */
async function stream(location, { tell, signal }) {
  const source = new EventSource(`${location}/events`);
  streams++;
  try {
    await new Promise((resolve) => {
      for (const name of ["state", "progress", "result"]) {
        source.addEventListener(name, (event) => {
          const status = JSON.parse(event.data);
          // An outcome is told twice; the event `result` is the one that holds the output.
          if (name === "result" || !isFinal(status.state)) tell(status);
        });
      }
      source.addEventListener("result", resolve);
      source.addEventListener("error", resolve);
      turned().then(resolve);
      signal?.addEventListener("abort", resolve, { once: true });
    });
  } finally {
    source.close();
    streams--;
  }
}
