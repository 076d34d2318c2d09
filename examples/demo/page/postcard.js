/** One postcard: its card on the page, and how a status is shown on it. */

import { announce, byId, element, part, showState, write } from "./element.js";
import { dueText, planRows } from "./plan.js";
import { stateWord } from "./words.js";

/** Makes the card of a postcard. */
export function makeCard({ text, location }, onAgain) {
  const card = byId("postcard-template").content.firstElementChild.cloneNode(true);
  write(part(card, "text"), text);
  part(card, "link").href = location;
  part(card, "again").addEventListener("click", onAgain);
  return card;
}

/** Shows a status; called again each second while a countdown runs. */
export function showCard(card, status, schedule) {
  const pill = part(card, "state");
  if (pill.dataset.state !== status.state) tell(card, status);
  showState(pill, status.state, stateWord(status.state));
  write(part(card, "detail"), detail(status, schedule.length + 1));
  part(card, "again").hidden = status.state !== "dead";
  showPlan(part(card, "plan"), planRows(schedule, status));
}

/** Says that the store no longer knows the message. */
export function showGone(card) {
  showState(part(card, "state"), "none", "Forgotten");
  write(part(card, "detail"), "The store does not know it, or no longer.");
}

function detail(status, all) {
  const { state, attempts, error } = status;
  if (state === "succeeded") return `Sent at attempt ${attempts}`;
  if (state === "dead") return error?.message ?? "No attempt is left";
  if (state === "leased") return `Attempt ${attempts} of ${all} runs`;
  if (state === "scheduled") return `Attempt ${attempts + 1} of ${all} ${dueText(status)}`;
  return "A worker takes it soon";
}

// Between attempts it is now running, now waiting: only what is news is told.
function tell(card, { state, attempts }) {
  const text = part(card, "text").textContent;
  if (state === "scheduled" && attempts === 1) announce(`${text}: failed, it will be tried again.`);
  if (state === "succeeded") announce(`${text}: sent.`);
  if (state === "dead") announce(`${text}: gave up.`);
}

function showPlan(body, rows) {
  rows.forEach((row, index) => {
    const line = body.children[index] ?? body.appendChild(makeRow());
    const [attempt, wait, ended, outcome] = line.children;
    line.dataset.kind = row.kind;
    write(attempt, String(row.attempt));
    write(wait, row.wait);
    write(ended, row.ended);
    write(outcome, row.outcome);
  });
}

function makeRow() {
  const line = element("tr", "");
  line.append(element("th", "", { scope: "row" }));
  for (let count = 0; count < 3; count++) line.append(element("td", ""));
  return line;
}
