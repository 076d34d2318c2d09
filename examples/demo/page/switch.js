/** The switch of the partner's API. */

import { byId, write } from "./element.js";
import { send } from "./http.js";

let asked = 0;

/** Lets people turn the switch. */
export function startSwitch() {
  const button = byId("switch");
  button.disabled = false;
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-checked") !== "true";
    asked++;
    try {
      const { body } = await send("PUT", "/partner/switch", { on });
      show(body.on);
    } catch (failed) {
      write(byId("switch-hint"), failed.message);
    } finally {
      asked--;
    }
  });
}

/** Shows where the switch stands, unless it is just being turned. */
export function showSwitch(on) {
  if (asked === 0) show(on);
}

function show(on) {
  byId("switch").setAttribute("aria-checked", String(on));
  write(byId("switch-hint"), on ? "On: it takes postcards." : "Off: it answers 503.");
}
