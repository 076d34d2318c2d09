/** The error for what is of Deno KV, but not of its queues. */

import { DabbaError } from "../errors.ts";

/** Says that this is Deno KV's data part, which a queue does not have; the text says what to do. */
export class KvUnsupportedError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "KvUnsupportedError";

  /** Makes the error for an operation, such as `"set"`. */
  constructor(readonly operation: string, advice: string) {
    super("kv_unsupported", `Cannot ${operation}: ${advice}`);
  }
}

/** Makes the error of an operation on data. */
export function noData(operation: string): KvUnsupportedError {
  return new KvUnsupportedError(
    operation,
    "@dabba/queue/kv-queue has the queues of Deno KV, not its data; keep data in a store of its own, " +
      "and have the handler write to it (guarded by the message's id, since it may run twice)",
  );
}
