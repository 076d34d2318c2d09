import type { BillingReport } from "./billing.ts";
import { Connection } from "./connection.ts";
import { doorOf } from "./door.ts";
import { EventStreams } from "./event_stream.ts";
import { type GatewayOptions, settingsOf } from "./options.ts";
import { Pool } from "./pool.ts";
import { Responder } from "./responder.ts";
import { Routes } from "./routes.ts";
import { SpareConnections } from "./spares.ts";
import { Subscriber } from "./subscriber.ts";
import { type RedisSurvey, survey } from "./survey.ts";
import { MAX_WAIT_MS } from "./wait.ts";

/** Answers Upstash's REST protocol from a plain Redis. */
export interface Gateway {
  /**
   * Answers one HTTP request. It needs no `this`, so it can be handed to `Deno.serve` as it is.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Says how many commands Redis has run since the first request, counted as Upstash bills them:
   * those inside of scripts, too, and those of other clients.
   *
   * @throws {Error} if Redis cannot be reached.
   */
  billing(): Promise<BillingReport>;
  /**
   * Asks Redis what it is, and what of its settings may cost data.
   *
   * @throws {Error} if Redis cannot be reached.
   */
  survey(): Promise<RedisSurvey>;
  /** Ends subscriptions, lets commands in flight finish, then closes the connections to Redis. */
  close(): Promise<void>;
}

/**
 * Creates a gateway over one Redis; it connects with the first request.
 *
 * It serves a command as the JSON body of `POST /` or as a path (`/set/key/value?EX=100`),
 * `POST /pipeline` (each command for itself; the last may be a `WAIT`, which then counts the writes
 * of this pipeline and holds up no other request), `POST /multi-exec` (one transaction), `/subscribe/<channel>`
 * and `/psubscribe/<pattern>` (as server-sent events, for `Accept: text/event-stream`), and
 * `GET /billing` (how many commands were run; `DELETE` begins anew).
 *
 * ```ts
 * import { gateway } from "@dabba/queue/gateway";
 *
 * const face = gateway({ redis: "redis://127.0.0.1:6379", token: "a-long-secret" });
 * const response = await face.fetch(new Request("http://localhost/ping"));
 * console.log(response.status); // 401: it came without the token
 * await face.close();
 * ```
 *
 * @throws {TypeError} if the token is missing or empty and `insecure` is not set, if the read-only
 * token is empty or the same, or if `redis` is not the URL of a Redis.
 * @throws {RangeError} if one of the numbers is not a positive integer.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { maxBodyBytes, maxReplyBytes, connections, ...timeouts } = settingsOf(options);
  const admit = doorOf(options);
  const reach = { url: options.redis, ...timeouts };
  const pool = new Pool(() => new Connection(reach), { size: connections });
  // There, Redis may take the time of a wait before it answers.
  const patient = { ...reach, commandTimeout: reach.commandTimeout + MAX_WAIT_MS };
  const spares = new SpareConnections(() => new Connection(patient));
  const lifelines = new SpareConnections(() => new Connection({ ...reach, introduced: false }));
  const streams = new EventStreams(new Subscriber(options.redis), timeouts);
  const routes = new Routes({ pool, spares, lifelines, streams }, { maxBodyBytes, maxReplyBytes });
  const responder = new Responder({ admit, routes, log: options.log });
  return {
    fetch: responder.serve,
    billing: () => routes.billing.read(),
    survey: () => survey(pool),
    close: async () => {
      await responder.close();
      streams.close();
      await Promise.all([pool.close(), spares.close(), lifelines.close()]);
    },
  };
}
