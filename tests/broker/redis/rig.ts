/** A Redis broker of a test's own, over HTTP, with all that a test wants to do to it. */

import { assertEquals } from "@std/assert";
import { RedisBroker, type RedisBrokerOptions, restClient } from "../../../src/broker/redis/mod.ts";
import {
  type RedisGateway,
  redisGateway,
  type RedisGatewayOptions,
} from "../../support/redis_gateway.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type ContractHarness, manualClock } from "../contract/harness.ts";
import { Stage } from "../contract/stage.ts";
import { listLeftovers } from "./leftovers.ts";

/** Names a client over HTTP: the one of @upstash/redis, or the broker's own. */
export type HttpClient = "@upstash/redis" | "restClient";

/** What a test may ask for. */
export interface RigOptions {
  /** The client, where the options of the broker name none. */
  readonly client?: HttpClient;
  /** Options of the broker, such as a client of another kind. */
  readonly broker?: (server: RedisGateway) => RedisBrokerOptions;
  /** Stands between client and gateway. */
  readonly intercept?: RedisGatewayOptions["intercept"];
  /** Goes by the server's clock instead of one that stands still. */
  readonly serverClock?: boolean;
  /** Starts a redis-server that nobody else uses. */
  readonly ownServer?: boolean;
  /** The test leaves a mess on purpose. */
  readonly messy?: boolean;
}

/** Is a broker with its gateway; closing it also looks for what was left behind. */
export interface Rig extends AsyncDisposable {
  readonly server: RedisGateway;
  readonly broker: RedisBroker;
  /** Short words for requests; its clock stands still unless the server's was asked for. */
  readonly stage: Stage;
  readonly clock: ContractHarness["clock"];
  /** The same, as the contract suite wants it. */
  readonly harness: ContractHarness;
  /** Gives the name of a key of the namespace. */
  key(name: string): string;
  /** Opens another broker on the same namespace. */
  reopen(options?: RedisBrokerOptions): RedisBroker;
}

/** Opens a rig for one test. */
export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const own = options.ownServer ? await startRedisServer() : undefined;
  const server = await redisGateway({ redis: own?.url, intercept: options.intercept });
  const clock = manualClock();
  const { url, token, namespace } = server;
  const reopen = (more: RedisBrokerOptions = {}) => {
    const own = { ...options.broker?.(server), ...more };
    return new RedisBroker({
      namespace,
      ...(options.serverClock ? {} : { clock: clock.now }),
      ...own,
      ...(own.client ? {} : reached(options.client, { url, token, ...own })),
    });
  };
  const broker = reopen();
  const harness = {
    broker,
    clock: options.serverClock ? { now: Date.now, advance() {} } : clock,
    reopen: () => Promise.resolve(reopen()),
    leftovers: () => listLeftovers(server),
    close: () => Promise.resolve(),
  };
  return {
    server,
    broker,
    stage: new Stage(harness),
    clock,
    harness,
    key: (name) => `{${namespace}}:${name}`,
    reopen,
    [Symbol.asyncDispose]: async () => {
      const left = options.messy ? [] : await harness.leftovers();
      await server.close();
      await own?.stop();
      assertEquals(left, [], "left behind in the store");
    },
  };
}

function reached(
  client: HttpClient | undefined,
  { url, token, timeout }: {
    readonly url: string;
    readonly token: string;
    readonly timeout?: number;
  },
): RedisBrokerOptions {
  if (client !== "restClient") return { url, token };
  return { client: restClient({ url, token, timeoutMs: timeout }), url: "", token: "" };
}

/** Tests with both clients over HTTP. */
export function overHttp(name: string, test: (client: HttpClient) => Promise<void>): void {
  for (const client of ["@upstash/redis", "restClient"] as const) {
    Deno.test(`${name} (${client})`, () => test(client));
  }
}

/** Counts the commands that Redis runs during an act: each one of a script, and the script. */
export async function countCommands(rig: Rig, act: () => Promise<unknown>): Promise<string[]> {
  await rig.server.redis.config("RESETSTAT");
  await act();
  const text = await rig.server.redis.info("commandstats");
  return [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].flatMap(([, name, calls]) =>
    name === "config|resetstat" || name === "info" ? [] : Array(Number(calls)).fill(name)
  );
}
