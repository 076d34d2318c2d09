/** The reason with which a worker that stops aborts its handlers. */

/**
 * Says that a worker ends before its message did; the message is handed back.
 *
 * ```ts
 * import { defineTask, WorkerStopping } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export const crawl = defineTask("crawl", { input: z.url() }, async (url, ctx) => {
 *   try {
 *     await fetch(url, { signal: ctx.signal });
 *   } catch (error) {
 *     if (ctx.signal.reason instanceof WorkerStopping) console.log("It goes on elsewhere");
 *     throw error;
 *   }
 * });
 * ```
 */
export class WorkerStopping extends Error {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "WorkerStopping";

  /** Makes the reason; a handler reads it as `ctx.signal.reason`. */
  constructor() {
    super("The worker is stopping: this message is handed back, with no attempt spent");
  }
}
