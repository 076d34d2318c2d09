/** The second part: postcards are sent, and each is followed until its outcome. */

import { byId, write } from "./element.js";
import { call, send } from "./http.js";
import { forget, keep, kept } from "./kept.js";
import { makeCard, showCard, showGone } from "./postcard.js";
import { watch } from "./watch.js";

const TICK_MS = 250;

/** Lets people send, and finds again what was sent before. */
export function startPostcards({ schedule }) {
  const form = byId("postcard-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, schedule);
  });
  byId("text").addEventListener("input", () => complain(""));
  addEventListener("reconnected", () => complain(""));
  for (const message of kept("postcard").reverse()) follow(message, schedule);
}

async function submit(form, schedule) {
  const button = form.querySelector("button");
  const input = byId("text");
  button.disabled = true;
  complain("");
  try {
    const text = input.value.trim();
    const { location } = await send("POST", "/postcards", { text });
    const message = { kind: "postcard", location, text };
    keep(message);
    follow(message, schedule).querySelector("details").open = true;
  } catch (failed) {
    complain(failed.message);
  } finally {
    button.disabled = false;
  }
}

function complain(text) {
  write(byId("postcard-error"), text);
  byId("text").setAttribute("aria-invalid", String(text !== ""));
}

function follow(message, schedule) {
  const card = makeCard(message, () => again());
  byId("postcards").prepend(card);
  byId("postcards-empty").hidden = true;
  let status;
  // A countdown goes on between two answers.
  setInterval(() => {
    if (status?.state === "scheduled") showCard(card, status, schedule);
  }, TICK_MS);

  async function run() {
    await watch(message.location, {
      onStatus(next) {
        status = next;
        showCard(card, status, schedule);
      },
      onGone() {
        forget(message.location);
        showGone(card);
      },
    });
  }

  async function again() {
    await call(`/postcards/${status.id}/redrive`, { method: "POST" }).then(run, (failed) => {
      complain(failed.message);
    });
  }

  run();
  return card;
}
