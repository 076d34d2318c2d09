/** What a worker is made of, besides its settings. */

import type { Broker } from "../broker/broker.ts";
import type { Events } from "../events.ts";
import type { TaskDefinition } from "../task.ts";
import type { Clock } from "./clock.ts";

/** Is what a pump works with. */
export interface PumpDeps {
  /** The store. */
  readonly broker: Broker;
  /** The tasks that are known here. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  /** Who is told. */
  readonly events: Events;
  /** The time. */
  readonly clock: Clock;
  /** The largest output that is kept, in bytes of its JSON text. */
  readonly payloadLimit: number;
}
