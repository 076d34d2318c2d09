/** The connection: says whether the demo answers, and looks again while it does not. */

import { byId, write } from "./element.js";
import { call } from "./http.js";

const LOOK_MS = 3_000;
const LOST_MS = 1_000;

/** Asks the demo about itself for as long as the page is shown, and passes on what it answers. */
export async function stayConnected(path, onAnswer) {
  for (;;) {
    const about = await call(path).then(({ body }) => body, () => undefined);
    if (about) onAnswer(about);
    show(about);
    await pause(about ? LOOK_MS : LOST_MS);
  }
}

function show(about) {
  const line = byId("connection");
  line.dataset.state = about ? "connected" : "lost";
  write(line, about ? `Running on ${about.broker}` : "The demo does not answer. Trying again …");
}

// A page in the background asks nothing.
async function pause(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  if (!document.hidden) return;
  await new Promise((resolve) =>
    document.addEventListener("visibilitychange", resolve, { once: true })
  );
}
