/** Turns all pages of a check. */

import type { Broker, Finding } from "../../../src/broker/broker.ts";

/** Is what all pages of a check say together. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly checked: number;
  readonly pages: number;
}

/** Turns the pages of a check to the last one. */
export async function checkAll(broker: Broker, repair = false): Promise<Checked> {
  const findings: Finding[] = [];
  let [checked, pages, after] = [0, 0, undefined as string | undefined];
  do {
    const page = await broker.check({ repair, ...(after === undefined ? {} : { after }) });
    findings.push(...page.findings);
    checked += page.checked;
    pages++;
    after = page.next;
  } while (after !== undefined);
  return { findings, checked, pages };
}
