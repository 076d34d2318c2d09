/** Plays a random step: its commands one after the other, and the replies that get back are heard. */

import type { Command } from "./commands.ts";
import type { Generator, Kind, Step } from "./generator.ts";

/** Is where commands go: a store, or several that are compared. */
export interface Ground {
  /** The time by the run's own count. */
  readonly nowMs: number;
  /** Does a command. */
  run(command: Command): Promise<unknown>;
}

/** Draws a step, of a kind if one is given, and plays it; gives it with what its commands came to. */
export async function playStep(
  generator: Generator,
  ground: Ground,
  kind?: Kind,
): Promise<{ readonly step: Step; readonly replies: readonly unknown[] }> {
  const step = generator.next(ground.nowMs, kind);
  const replies: unknown[] = [];
  for (const { command, heard } of step.actions) {
    const reply = await ground.run(command);
    replies.push(reply);
    if (heard) generator.hear(command, reply);
  }
  return { step, replies };
}
