/**
 * What tests need: a Dabba in memory and in a time of its own, and faults on the way to a real store.
 *
 * ```ts
 * import { defineTask } from "@dabba/queue";
 * import { testDabba } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const hello = defineTask("hello", { input: z.string() }, (name) => `Hello ${name}`);
 * await using kit = testDabba({ tasks: { hello } });
 * const receipt = await kit.tasks.hello.enqueue("Ada", { delay: "1h" });
 * console.log(kit.enqueued(hello)[0]?.input); // Ada
 * await kit.advance("1h");
 * console.log(await receipt.result()); // Hello Ada
 * ```
 *
 * All but `serveBreakable` works in workerd and in browsers, too.
 *
 * @module
 */
export type { DeadLetterBounds, DeadStock } from "../broker/dead_bounds.ts";
export type { Retention } from "../broker/retention.ts";
export { testDabba, type TestedTask, TestKit, type TestOptions, type TestRun } from "./test_kit.ts";
export type { Enqueued } from "./enqueued.ts";
export type { Failure } from "./outcomes.ts";
export { TestKitError } from "./test_kit_error.ts";
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
