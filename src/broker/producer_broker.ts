/** The part of a broker that a producer needs. */

import type { Broker } from "./broker.ts";

/** Is a broker for those who only enqueue, ask and cancel; every broker is one. */
export type ProducerBroker = Pick<
  Broker,
  "kind" | "namespace" | "push" | "read" | "cancel" | "stats" | "close"
>;
