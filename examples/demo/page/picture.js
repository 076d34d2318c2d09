/** The first part: a picture is uploaded and followed until its three sizes are there. */

import { announce, byId, write } from "./element.js";
import { call } from "./http.js";
import { forget, keep, kept } from "./kept.js";
import { showNothing, showPicture, showReceipt } from "./picture_view.js";
import { watch } from "./watch.js";

let watching = new AbortController();

/** Lets people upload, and shows the last picture again after a reload. */
export function startPicture({ maxFileBytes }) {
  const form = byId("picture-form");
  byId("picture").addEventListener("change", () => complain(""));
  addEventListener("reconnected", () => complain(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = byId("picture").files[0];
    const wrong = look(file, maxFileBytes);
    complain(wrong);
    if (!wrong) await upload(form, file);
  });
  const [last] = kept("picture");
  if (last) follow(last.location);
}

// The server says the same, but only after the whole file has travelled.
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
  const button = form.querySelector("button");
  button.disabled = true;
  write(button, "Uploading …");
  const begun = performance.now();
  try {
    const { location } = await call("/avatars", { method: "POST", body: new FormData(form) });
    const took = Math.round(performance.now() - begun);
    keep({ kind: "picture", location, text: file.name });
    announce("The picture is in the queue.");
    follow(location, `Answered 202 after ${took} ms. `);
  } catch (failed) {
    complain(failed.message);
  } finally {
    button.disabled = false;
    write(button, "Upload");
  }
}

async function follow(location, words = "") {
  watching.abort();
  watching = new AbortController();
  showNothing();
  showReceipt(location, words);
  await watch(location, {
    onStatus: showPicture,
    onGone() {
      forget(location);
      showNothing();
    },
    signal: watching.signal,
  });
}
