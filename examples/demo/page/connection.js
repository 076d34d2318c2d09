/** The connection: says whether the demo answers, and looks again while it does not. */

import { byId, write } from "./element.js";
import { call } from "./http.js";
import { shown } from "./shown.js";

const LOOK_MS = 3_000;
const LOST_MS = 1_000;

/** Asks the demo about itself for as long as the page is shown, and passes on what it answers. */
export async function stayConnected(path, onAnswer) {
  for (;;) {
    const about = await call(path).then(({ body }) => body, () => undefined);
    if (about) onAnswer(about);
    show(about);
    await new Promise((resolve) => setTimeout(resolve, about ? LOOK_MS : LOST_MS));
    await shown();
  }
}

function show(about) {
  const line = byId("connection");
  if (about && line.dataset.state === "lost") dispatchEvent(new Event("reconnected"));
  line.dataset.state = about ? "connected" : "lost";
  write(line, about ? `Running on ${about.broker}` : "No answer. Trying again …");
}
