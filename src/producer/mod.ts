/**
 * Dabba for those who only enqueue: on an edge, where a bundle must stay small.
 *
 * ```ts
 * import { defineTask, Producer, redisProducer } from "@dabba/queue/producer";
 * import { z } from "zod";
 *
 * const welcome = defineTask("email.welcome", { input: z.object({ email: z.email() }) });
 * const broker = redisProducer({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * const producer = new Producer({ broker, tasks: { welcome } });
 * console.log(producer.taskNames); // ["email.welcome"]
 * ```
 *
 * A producer goes where a `Dabba` goes: into `withTasks`, `dabbaRoutes`, `enqueue`. It holds neither
 * the client of `@upstash/redis` nor a worker, nor SQLite. Import `defineTask` from here in files of
 * contracts: it is the same one as that of `@dabba/queue`.
 *
 * @module
 */

// Each entry point documents every type that its signatures name, those of the core included.
export type * from "../../mod.ts";
export {
  RedisProducer,
  redisProducer,
  type RedisProducerOptions,
} from "../broker/redis/redis_producer.ts";
export * from "../errors.ts";
export { isFinal } from "../status.ts";
export { defineTask } from "../task.ts";
export { Producer, type ProducerOptions } from "./producer.ts";
