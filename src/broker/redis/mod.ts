/**
 * The broker on Redis: Upstash over plain HTTPS, or any Redis 7 or Valkey.
 *
 * ```ts ignore
 * import { redisBroker } from "@dabba/queue/redis";
 *
 * const broker = redisBroker({ url: "https://example.upstash.io", token: "its-token" });
 * console.log(await broker.stats());
 * ```
 *
 * It needs of a client only that it runs scripts, so a Redis without HTTP is reached through
 * `ioredisClient`, or through the gateway in `@dabba/queue/gateway`. It runs wherever there is `fetch`.
 *
 * @module
 */

import type { RedisBrokerOptions } from "./options.ts";
import { RedisBroker } from "./redis_broker.ts";

export { redisAcl, type RedisAclOptions, type RedisRole } from "./acl.ts";
export type { RestClientOptions } from "./address.ts";
export {
  type ChannelListener,
  ioredisClient,
  type IoredisLike,
  type RedisClient,
} from "./client.ts";
export type { IoredisSubscriber } from "./tcp_listener.ts";
export type { RedisBrokerOptions, RedisBrokerSettings, RedisEnv } from "./options.ts";
export { RedisBroker } from "./redis_broker.ts";
export { type RestClient, restClient } from "./rest_client.ts";
export { RestError } from "./rest_error.ts";
export { type NamedScript, SCRIPTS as redisScripts } from "./scripts/all.ts";
export { upstashClient } from "./upstash_client.ts";
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
} from "../broker.ts";
export type { DeadLetterBounds, DeadStock } from "../dead_bounds.ts";
export type { Call, Watch } from "../wake.ts";
export type { Retention } from "../retention.ts";

/**
 * Makes a broker on Redis, by URL and token, by a client, or from the environment.
 *
 * Nothing is sent before the first call. Give the database a policy of `noeviction`: another one may
 * delete messages when it is full.
 *
 * ```ts
 * import { redisBroker } from "@dabba/queue/redis";
 *
 * const broker = redisBroker({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * console.log(broker.kind); // "redis"
 * ```
 *
 * @throws {TypeError} when an option is wrong, or neither given nor in the environment.
 */
export function redisBroker(options: RedisBrokerOptions = {}): RedisBroker {
  return new RedisBroker(options);
}
