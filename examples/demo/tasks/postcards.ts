/** The postcard task's contract: all that a producer needs, without the handler and its imports. */

import { defineTask, type OpenContract } from "@dabba/queue";
import { z } from "zod";

/**
 * When a failed attempt is repeated: shortened for the demo, and long enough for a break of three
 * minutes. It travels inside each message: a later release does not change what is under way.
 */
export const SCHEDULE = ["2s", "4s", "8s", "16s", "30s", "30s", "30s", "30s", "30s"] as const;

/** The longest text of a postcard. */
const MAX_TEXT = 120;

/** Is what a postcard is made of. */
export interface Postcard {
  /** What is written on it. */
  readonly text: string;
}

/** Is what the partner gives for it. */
export interface Sent {
  /** The partner's own number of the postcard. */
  readonly reference: string;
}

/** Sends a postcard through the partner's API. */
export const postcards: OpenContract<Postcard, Postcard, Sent, Sent> = defineTask("postcard.send", {
  input: z.object({
    text: z.string().trim().min(1, "Write a few words first.")
      .max(MAX_TEXT, `A postcard holds ${MAX_TEXT} characters.`),
  }),
  output: z.object({ reference: z.string() }),
  backoff: SCHEDULE,
  timeout: "10s",
  retain: "1d",
});
