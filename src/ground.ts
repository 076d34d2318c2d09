/** What a Dabba stands on: where its messages are, and the time that its workers wait by. */

import type { Broker } from "./broker/broker.ts";
import type { ProducerBroker } from "./broker/producer_broker.ts";
import type { MessageStatus } from "./status.ts";
import type { TaskDefinition } from "./task.ts";
import type { Clock } from "./worker/clock.ts";

/** Is what enqueues stand on, looked up at each use. */
export interface ProducerGround {
  /** Where messages are kept. */
  broker: ProducerBroker;
  /** Is awaited before an enqueue resolves; only a test has one. */
  arrived?: ((id: string) => Promise<void>) | undefined;
  /** Is told of each look at a message that is waited for, and throws where that is in vain. */
  awaited?: ((status: MessageStatus) => void) | undefined;
}

/** Is looked up at each use: the testing kit puts another one under a Dabba, and takes it away. */
export interface Ground extends ProducerGround {
  /** Where messages are kept. */
  broker: Broker;
  /** What workers wait by. */
  clock: Clock;
  /** The tasks, by name, as workers run them. */
  tasks: ReadonlyMap<string, TaskDefinition>;
}
