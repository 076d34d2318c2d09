/** A check of the whole store, gathered from its pages. */

import type { Broker, Finding } from "./broker/broker.ts";
import { checkKnown, type Known } from "./known_options.ts";

/** Says what a check is to do about what it finds. */
export interface CheckOptions {
  /**
   * Mends what can be mended, so that nothing is lost: a message that no line knows waits again, one
   * that cannot be read becomes a dead letter, an entry of which nothing is left is removed.
   *
   * @default false
   */
  readonly repair?: boolean;
}

/** Is what a check of the whole store came to. */
export interface CheckReport {
  /** How many messages and entries were looked at. */
  readonly checked: number;
  /** What is wrong; nothing, in a store that only Dabba has written to. */
  readonly findings: readonly Finding[];
}

const CHECK_OPTIONS: Known<CheckOptions> = { repair: true };

/** Turns all pages of a broker's check. */
export async function checkStore(
  broker: Broker,
  options: CheckOptions,
): Promise<CheckReport> {
  checkKnown(options, CHECK_OPTIONS, "check the store");
  const { repair = false } = options;
  // What moves while it is looked at may be met on two pages.
  const findings = new Map<string, Finding>();
  let checked = 0;
  let after: string | undefined;
  do {
    const page = await broker.check({ repair, ...(after === undefined ? {} : { after }) });
    for (const one of page.findings) findings.set(`${one.problem} ${one.id} ${one.detail}`, one);
    checked += page.checked;
    after = page.next;
  } while (after !== undefined);
  return { checked, findings: [...findings.values()] };
}
