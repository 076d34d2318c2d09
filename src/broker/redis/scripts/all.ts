/** Every script of the broker. */

import { cancelScript } from "./cancel.ts";
import { checkLinesScript, mendLinesScript } from "./check_lines.ts";
import { checkMessagesScript, mendMessagesScript } from "./check_messages.ts";
import { checkRestScript, mendRestScript } from "./check_rest.ts";
import { checkScanScript } from "./check_scan.ts";
import { deadScript } from "./dead.ts";
import { discardScript } from "./discard.ts";
import { exchangeScript } from "./exchange.ts";
import { linesScript } from "./lines.ts";
import { probeScript } from "./probe.ts";
import { pushScript } from "./push.ts";
import { readScript } from "./read.ts";
import { redriveScript } from "./redrive.ts";
import { statsScript } from "./stats.ts";

/** Is what is known of a script without its types. */
export interface NamedScript {
  /** Its name. */
  readonly name: string;
  /** Its Lua. */
  readonly source: string;
}

/** The scripts, by name. */
export const SCRIPTS: readonly NamedScript[] = [
  ...[cancelScript, checkLinesScript, checkMessagesScript, checkRestScript, checkScanScript],
  ...[deadScript, discardScript, exchangeScript, linesScript],
  ...[mendLinesScript, mendMessagesScript, mendRestScript],
  ...[probeScript, pushScript, readScript, redriveScript, statsScript],
].map(({ name, source }) => ({ name, source }));
