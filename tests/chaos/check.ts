/** A check of the reliability rig: what is done to the system, what must hold, and what came of it. */

import type { Broker, Finding } from "../../src/broker/broker.ts";

export { randomOf } from "../../src/testing/random.ts";

/** Says how far a check goes. */
export interface Scale {
  /** Whether it runs at its full size; otherwise at about a tenth of it, within seconds. */
  readonly full: boolean;
  /** What all its random choices follow from. */
  readonly seed: number;
  /** Tells people how far it is. */
  readonly say: (text: string) => void;
}

/** Is what came of a check. */
export interface Outcome {
  /** What was counted or measured, with its units and the size of the trial. */
  readonly figure: string;
  /** Whether the goal was reached. */
  readonly met: boolean;
}

/** Is one line of the table. */
export interface Check {
  /** Its number on the scorecard, such as `R1`. */
  readonly id: string;
  /** What it tries, in a few words. */
  readonly title: string;
  /** What must hold. */
  readonly goal: string;
  /** Does it; an error that it throws is a goal that was missed. */
  run(scale: Scale): Promise<Outcome>;
}

/** Looks through a whole store; every check that had one ends with it. */
export async function fsck(broker: Broker, repair = false): Promise<Finding[]> {
  const findings: Finding[] = [];
  let after: string | undefined;
  do {
    const page = await broker.check({ repair, ...(after === undefined ? {} : { after }) });
    findings.push(...page.findings);
    after = page.next;
  } while (after !== undefined);
  return findings;
}

/** What zero failures in so many trials say, at 95 %: the rate is below this (rule of three). */
export function ruleOfThree(trials: number): string {
  return `≤ ${(300 / trials).toPrecision(2)} % at 95 %`;
}
