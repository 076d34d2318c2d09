/** The reason with which a worker that stops aborts its handlers. */

/** Says that a worker ends before its message did; the message is handed back. */
export class WorkerStopping extends Error {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "WorkerStopping";

  /** Makes the reason; a handler reads it as `ctx.signal.reason`. */
  constructor() {
    super("The worker is stopping: this message is handed back, with no attempt spent");
  }
}
