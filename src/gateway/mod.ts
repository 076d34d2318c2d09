/**
 * An HTTP face for a plain Redis that speaks Upstash's REST protocol.
 *
 * For development, tests and self-hosting: the same client code that talks to Upstash talks to a
 * Redis or Valkey of your own. It runs wherever a TCP connection can be opened (Deno, Node, Bun).
 *
 * ```ts
 * import { gateway } from "@dabba/queue/gateway";
 *
 * const face = gateway({ redis: "redis://127.0.0.1:6379", token: "a long random secret" });
 * const server = Deno.serve({ port: 0 }, face.fetch);
 *
 * // When the process is told to end:
 * await Promise.all([server.shutdown(), face.close()]);
 * ```
 *
 * @module
 */
export type { GatewayLogEntry } from "./access_log.ts";
export type { BillingReport } from "./billing.ts";
export { type Gateway, gateway } from "./gateway.ts";
export type { GatewayOptions } from "./options.ts";
export type { RedisSurvey } from "./survey.ts";
