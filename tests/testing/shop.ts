/** Tasks for the tests of the kit. */

import { defineTask, type Task } from "@dabba/queue";
import { z } from "zod";

/** Is what a handler of these tests may be told to do. */
export class Service {
  up = true;
  readonly calls: { readonly at: number; readonly attempt: number }[] = [];
}

export class DownError extends Error {
  override name = "DownError";
}

type Ping = Task<
  { url: string; since?: Date | undefined },
  { url: string; since?: Date | undefined },
  number
>;

/** A task that fails while its service is down, with a chain of retries. */
export function pingTask(service: Service, now: () => number = () => 0): Ping {
  const input = z.object({ url: z.string(), since: z.coerce.date<Date>().optional() });
  return defineTask("ping", { input, backoff: ["1m", "5m", "15m"] }, (_, { attempt }) => {
    service.calls.push({ at: now(), attempt });
    if (!service.up) throw new DownError("down");
    return attempt;
  });
}

/** A task whose handler never ends by itself. */
export function hangTask(timeout: string): Task<null, null, void> {
  return defineTask("hang", { input: z.null(), timeout, backoff: ["1m"] }, (_, { signal }) => {
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
}
