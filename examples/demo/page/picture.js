/** The first part: a picture is uploaded, and its three sizes appear. */

import { announce, byId, element, part, showState, write } from "./element.js";
import { call } from "./http.js";
import { forget, keep, kept } from "./kept.js";
import { watch } from "./watch.js";
import { bytesText, stateWord } from "./words.js";

let watching = new AbortController();

/** Lets people upload, and shows the last picture again after a reload. */
export function startPicture({ maxFileBytes }) {
  const form = byId("picture-form");
  const input = byId("picture");
  input.addEventListener("change", () => complain(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files[0];
    const wrong = look(file, maxFileBytes);
    complain(wrong);
    if (wrong) return;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await upload(form, file);
    } catch (failed) {
      complain(failed.message);
    } finally {
      button.disabled = false;
    }
  });
  const [last] = kept("picture");
  if (last) follow(last.location);
}

// A browser drops the connection rather than read an answer while it still sends a large file.
function look(file, maxFileBytes) {
  if (!file) return "Choose a picture first.";
  if (file.size <= maxFileBytes) return "";
  return `This file is too large: the limit is ${maxFileBytes / 1024 / 1024} MB.`;
}

function complain(text) {
  write(byId("picture-error"), text);
  byId("picture").setAttribute("aria-invalid", String(text !== ""));
}

async function upload(form, file) {
  const begun = performance.now();
  const { location } = await call("/avatars", { method: "POST", body: new FormData(form) });
  const took = Math.round(performance.now() - begun);
  keep({ kind: "picture", location, text: file.name });
  announce("The picture is in the queue.");
  follow(location, `Answered 202 after ${took} ms. `);
}

async function follow(location, words = "") {
  watching.abort();
  watching = new AbortController();
  clear();
  showReceipt(location, words);
  await watch(location, { onStatus: show, onGone: () => gone(location), signal: watching.signal });
}

function clear() {
  for (const frame of sizes()) frame.replaceChildren();
  for (const bytes of document.querySelectorAll("#picture-sizes [data-part=bytes]")) {
    write(bytes, "");
  }
  const message = byId("picture-message");
  part(message, "progress").value = 0;
  showState(part(message, "state"), "ready", stateWord("ready"));
  write(part(message, "detail"), "");
}

function showReceipt(location, words) {
  const link = element("a", location, { href: location });
  const before = `${words}Location:`;
  part(byId("picture-message"), "receipt").replaceChildren(
    before,
    document.createElement("br"),
    link,
  );
}

function show(status) {
  const message = byId("picture-message");
  showState(part(message, "state"), status.state, stateWord(status.state));
  write(part(message, "detail"), detail(status));
  const { done = 0, of = 3 } = status.progress ?? {};
  const bar = part(message, "progress");
  bar.max = of;
  bar.value = status.state === "succeeded" ? of : done;
  if (status.state === "succeeded") showSizes(status.output.pictures);
  if (status.state === "dead") announce("The picture could not be made.");
}

function detail({ state, progress, error, attempts }) {
  if (state === "succeeded") return "Three sizes made";
  if (state === "dead") return error?.message ?? "No attempt is left.";
  if (state === "scheduled") return `Attempt ${attempts} failed`;
  if (state !== "leased") return "A worker takes it soon";
  return progress ? `${progress.done} of ${progress.of} sizes made` : "Reading the picture";
}

function showSizes(pictures) {
  for (const { size, url, bytes } of pictures) {
    const frame = sizes().find((frame) => frame.dataset.size === String(size));
    if (!frame) continue;
    const image = element("img", "", {
      src: url,
      width: size,
      height: size,
      alt: `Your picture, ${size} by ${size} pixels`,
    });
    frame.replaceChildren(image);
    write(part(frame.closest("figure"), "bytes"), bytesText(bytes));
  }
  announce("The three sizes of your picture are ready.");
}

function sizes() {
  return [...document.querySelectorAll("#picture-sizes .frame")];
}

function gone(location) {
  forget(location);
  const message = byId("picture-message");
  showState(part(message, "state"), "none", "Nothing yet");
  write(part(message, "detail"), "Choose a picture to begin");
  part(message, "receipt").replaceChildren();
}
