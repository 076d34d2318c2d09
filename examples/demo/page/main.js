/** The page: starts its parts once the demo has said what it is. */

import { stayConnected } from "./connection.js";
import { byId, write } from "./element.js";
import { startPicture } from "./picture.js";
import { startPostcards } from "./postcards.js";
import { showSwitch, startSwitch } from "./switch.js";

let started = false;

function start(about) {
  started = true;
  const kept = `The queue is kept in ${about.store}.`;
  write(byId("about"), `${kept} Reload the page or restart the demo: what was sent stays.`);
  startPicture(about);
  startSwitch();
  startPostcards(about);
}

stayConnected("/demo", (about) => {
  if (!started) start(about);
  showSwitch(about.partnerOn);
});
