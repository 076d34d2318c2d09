/** What a step came to, as far as it can be read from replies: whether anything counted, or was refused. */

import type { ExchangeReply } from "../../../src/broker/broker.ts";
import type { Command } from "../contract/commands.ts";
import { type Kind, type Step, WEIGHTS } from "../contract/generator.ts";

/** Says what of a step counted and what was refused; both may be. */
export interface Judgement {
  readonly counted: boolean;
  readonly refused: boolean;
}

/** Is what a step did to the oracle. */
export interface Played {
  readonly step: Step;
  readonly replies: readonly unknown[];
  /** Whether anything that can be read of the messages has changed. */
  readonly changed: boolean;
  /** How many messages the store has forgotten. */
  readonly trimmed: number;
}

const COUNTED = new Set(["enqueued", "ok", "cancelled", "redriven", "discarded"]);

/** Judges a step: for a network's trick, by what it did to the request. */
export function judge({ step, replies, changed, trimmed }: Played): Judgement | undefined {
  const either = (yes: boolean) => ({ counted: yes, refused: !yes });
  switch (step.kind) {
    case "tick":
      return either(changed);
    case "trim":
      return either(trimmed > 0);
    case "crash":
      return either(step.forgotten > 0);
    default: {
      const last = step.actions.length - 1;
      // Held up, and not yet there.
      if (last < 0) return undefined;
      return judgeReply(step.actions[last]!.command, replies[last]);
    }
  }
}

function judgeReply({ kind }: Command, reply: unknown): Judgement {
  const answers = kind === "push"
    ? (reply as { disposition: string }[]).map(({ disposition }) => disposition)
    : kind === "exchange"
    ? answersOf(reply as ExchangeReply)
    : reply as string[];
  return {
    counted: answers.some((answer) => COUNTED.has(answer)),
    refused: answers.length === 0 || answers.some((answer) => !COUNTED.has(answer)),
  };
}

function answersOf({ settled, extended, claimed }: ExchangeReply): string[] {
  return [...settled, ...extended, ...claimed.map(() => "ok")];
}

/** What a batch of runs with few dead letters has to meet, too. */
export const FILLING = ["a dead letter dropped", "dead letters nearly full"];

/** Counts what a batch of runs has met. */
export class Tally {
  readonly #met = new Map<string, number>();
  runs = 0;
  steps = 0;

  /** Counts something. */
  note(what: string): void {
    this.#met.set(what, (this.#met.get(what) ?? 0) + 1);
  }

  /** Counts a step. */
  add(kind: Kind, judgement: Judgement | undefined): void {
    this.steps++;
    if (judgement?.counted) this.note(`${kind}: counted`);
    if (judgement?.refused) this.note(`${kind}: refused`);
  }

  /** How often something was met. */
  count(what: string): number {
    return this.#met.get(what) ?? 0;
  }

  /** What a batch has to meet and has not: it would test less than it seems to. */
  missing(also: readonly string[] = []): string[] {
    const kinds = Object.keys(WEIGHTS) as Kind[];
    return [
      ...kinds.flatMap((kind) => [`${kind}: counted`, `${kind}: refused`]),
      ...["scheduled", "ready", "leased", "succeeded", "dead", "cancelled", "expired"],
      ...["a claim after a crash", "a suspect"],
      ...also,
    ].filter((what) => this.count(what) === 0);
  }
}
