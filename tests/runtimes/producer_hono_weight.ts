/** What a producer in a Hono app imports of the library. */
export * from "./producer_weight.ts";
export { enqueued, withTasks } from "@dabba/queue/hono";
