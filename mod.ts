/**
 * Background tasks for Deno and the edge: typed, pulled, retried by a plan inside each message.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => {
 *   return `Hello, ${name}`;
 * });
 *
 * const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { greet } });
 * const receipt = await dabba.tasks.greet.enqueue({ name: "Ada" });
 * await dabba.worker().drain();
 * console.log(await receipt.result()); // Hello, Ada
 * await dabba.close();
 * ```
 *
 * @module
 */

export type {
  AnyMethod,
  BoundGroup,
  BoundTask,
  BoundTree,
  EnqueueTask,
  TaskTree,
} from "./src/bound_tasks.ts";
export type {
  Broker,
  BrokerStats,
  CheckPage,
  ClaimRequest,
  DeadPage,
  Delivery,
  Diagnosis,
  ExchangeReply,
  ExchangeRequest,
  Extension,
  Finding,
  Held,
  Line,
  MessageRecord,
  MessageRef,
  MessageState,
  Priority,
  Problem,
  PushMessage,
  PushReply,
  QueueStats,
  Settlement,
} from "./src/broker/broker.ts";
export type { ProducerBroker } from "./src/broker/producer_broker.ts";
export { MAX_BATCH, PRIORITIES } from "./src/broker/broker.ts";
export type { BrokerCosts } from "./src/broker/costs.ts";
export type { Call, Watch } from "./src/broker/wake.ts";
export type {
  RedisBrokerOptions,
  RedisBrokerSettings,
  RedisClient,
  RedisEnv,
} from "./src/broker/redis/mod.ts";
export { RedisBroker, redisBroker } from "./src/broker/redis/mod.ts";
export type { CheckOptions, CheckReport } from "./src/check_report.ts";
export type { CronOptions, ScheduledHandler, TickOptions } from "./src/cron.ts";
export { denoCron, scheduled, tickOnce } from "./src/cron.ts";
export type { DabbaOptions, Inspect } from "./src/dabba.ts";
export { Dabba } from "./src/dabba.ts";
export type { DeadLetterChoice, DeadLetterPage, DeadLetterQuery } from "./src/dead_letters.ts";
export type { TaskMethod } from "./src/decorators.ts";
export { task } from "./src/decorators.ts";
export type { Duration } from "./src/duration.ts";
export { durationMs, MAX_DURATION_MS } from "./src/duration.ts";
export type { EnqueueOptions } from "./src/enqueuer.ts";
export * from "./src/errors.ts";
export type { ExplainOptions, Explanation, Span } from "./src/explain.ts";
export type {
  DabbaEvents,
  DeliveryEvent,
  Listener,
  Listeners,
  MessageEvent,
} from "./src/events.ts";
export type { JsonSchema, ToJsonSchema } from "./src/json_schema.ts";
export type { AttemptRecord, ErrorRecord } from "./src/message/journal.ts";
export type { AsJson } from "./src/message/json.ts";
export type { ProducerOptions } from "./src/producer/producer.ts";
export { Producer } from "./src/producer/producer.ts";
export type { Receipt, ResultOptions } from "./src/receipt.ts";
export type {
  Backoff,
  BackoffPlan,
  ExponentialBackoff,
  FixedBackoff,
  Jitter,
  LinearBackoff,
} from "./src/retry/backoff.ts";
export type { Schema, SchemaInput, SchemaIssue, SchemaOutput, SchemaResult } from "./src/schema.ts";
export type { MessageStatus } from "./src/status.ts";
export { isFinal } from "./src/status.ts";
export type {
  GivenOf,
  Handler,
  OpenContract,
  OutputOf,
  ResolvedSettings,
  Task,
  TaskContext,
  TaskContract,
  TaskDefinition,
  TaskOptions,
  TaskSettings,
} from "./src/task.ts";
export { defineTask, DEFINITION } from "./src/task.ts";
export type { CommandBudget } from "./src/worker/budget.ts";
export type { WorkerOptions } from "./src/worker/options.ts";
export type { Queues } from "./src/worker/queue_order.ts";
export type { DrainOptions, DrainSummary, RunOptions, Worker } from "./src/worker/worker.ts";
export type { Summary } from "./src/worker/tally.ts";
export { WorkerStopping } from "./src/worker/stopping.ts";
