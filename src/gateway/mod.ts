/**
 * An HTTP face for a plain Redis that speaks Upstash's REST protocol.
 *
 * For development, tests and self-hosting: the same client code that talks to Upstash talks to a
 * Redis or Valkey of your own. It runs wherever a TCP connection can be opened (Deno, Node, Bun).
 *
 * ```ts no-eval
 * import { gateway } from "@dabba/queue/gateway";
 *
 * const redisOverHttp = gateway({ redis: "redis://127.0.0.1:6379", token: "a long secret" });
 * Deno.serve({ port: 8079 }, redisOverHttp.fetch);
 * ```
 *
 * @module
 */
export { type Gateway, gateway, type GatewayOptions } from "./gateway.ts";
