/**
 * What tests need: a broker in memory, and faults on the way to a real one.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const hello = defineTask("hello", { input: z.string() }, (name) => `Hello ${name}`);
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { hello } });
 * const receipt = await dabba.tasks.hello.enqueue("Ada");
 * await dabba.worker().drain();
 * console.log(await receipt.result()); // Hello Ada
 * ```
 *
 * @module
 */
export type { Retention } from "../broker/retention.ts";
export { memoryBroker, type MemoryBrokerOptions } from "./memory_broker.ts";
export {
  type Fault,
  type FaultOptions,
  type FaultRule,
  FAULTS,
  type FaultyHandler,
  withFaults,
} from "./faults.ts";
export { type BreakableServer, type Handler, serveBreakable } from "./breakable_server.ts";
export { cutOff, hangUp } from "./broken_reply.ts";
