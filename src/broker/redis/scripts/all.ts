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

/** Is a script of the broker, as text. */
export interface NamedScript {
  /** Its name. */
  readonly name: string;
  /** Its Lua. */
  readonly source: string;
}

/**
 * Lists the broker's scripts. Loaded ahead (`SCRIPT LOAD`, again after each restart of Redis), they
 * can be run by users that may not `EVAL`.
 *
 * ```ts ignore
 * import { redisScripts } from "@dabba/queue/redis";
 *
 * for (const { source } of redisScripts) await admin.script("LOAD", source);
 * ```
 */
export const SCRIPTS: readonly NamedScript[] = [
  ...[cancelScript, checkLinesScript, checkMessagesScript, checkRestScript, checkScanScript],
  ...[deadScript, discardScript, exchangeScript, linesScript],
  ...[mendLinesScript, mendMessagesScript, mendRestScript],
  ...[probeScript, pushScript, readScript, redriveScript, statsScript],
].map(({ name, source }) => ({ name, source }));
