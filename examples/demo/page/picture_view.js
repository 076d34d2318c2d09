/** The view of a picture's message: its state, its progress, and the three sizes. */

import { announce, byId, element, part, showState, write } from "./element.js";
import { bytesText, stateWord } from "./words.js";

/** Shows that there is no picture. */
export function showNothing() {
  for (const figure of figures()) {
    part(figure, "frame").replaceChildren();
    write(part(figure, "bytes"), "");
  }
  const message = byId("picture-message");
  part(message, "progress").value = 0;
  part(message, "receipt").replaceChildren();
  showState(part(message, "state"), "none", "Nothing yet");
  write(part(message, "detail"), "Choose a picture to begin");
}

/** Shows where the message is found. */
export function showReceipt(location, words) {
  const link = element("a", location, { href: location });
  const line = document.createElement("br");
  part(byId("picture-message"), "receipt").replaceChildren(`${words}Location:`, line, link);
}

/** Shows a status. */
export function showPicture(status) {
  const { state, output } = status;
  const { done = 0, of = 3 } = status.progress ?? {};
  const message = byId("picture-message");
  const bar = part(message, "progress");
  showState(part(message, "state"), state, stateWord(state));
  write(part(message, "detail"), detail(status));
  bar.max = of;
  bar.value = state === "succeeded" ? of : done;
  if (state === "succeeded") output?.pictures.forEach(showSize);
  if (state === "succeeded") announce("The three sizes of your picture are ready.");
  if (state === "dead") announce("Your picture could not be made.");
}

function detail({ state, progress, error, attempts }) {
  if (state === "succeeded") return "Three sizes made";
  if (state === "dead") return error?.message ?? "No attempt is left";
  if (state === "scheduled") return `Attempt ${attempts} failed`;
  if (state !== "leased") return "A worker takes it soon";
  return progress ? `${progress.done} of ${progress.of} sizes made` : "Reading the picture";
}

function showSize({ size, url, bytes }) {
  const figure = figures().find((figure) => figure.dataset.size === String(size));
  if (!figure) return;
  const alt = `Your picture, ${size} by ${size} pixels`;
  const image = element("img", "", { src: url, width: size, height: size, alt });
  part(figure, "frame").replaceChildren(image);
  write(part(figure, "bytes"), bytesText(bytes));
}

function figures() {
  return [...byId("picture-sizes").querySelectorAll("figure")];
}
