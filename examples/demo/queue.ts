/** The demo's Dabba: its two tasks, bound to a SQLite file or to Redis over HTTP. */

import { type Broker, Dabba, RedisBroker, type Task } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import type { Settings } from "./settings.ts";
import type { Avatars } from "./tasks/avatars.ts";
import type { Postcard, Sent } from "./tasks/postcards.ts";
import { logTo } from "./log.ts";

/** Is the demo's Dabba, for whoever enqueues. */
export type DemoQueue = Dabba<DemoTasks>;

/** Lists the demo's tasks. */
export type DemoTasks = {
  /** Makes avatars. */
  readonly avatars: Avatars;
  /** Sends postcards. */
  readonly postcards: Task<Postcard, Postcard, Sent>;
};

/** Opens the queue. */
export function openQueue(
  settings: Settings,
  tasks: DemoTasks,
  log: (line: string) => void,
): DemoQueue {
  return new Dabba({ broker: openBroker(settings), tasks, on: logTo(log) });
}

function openBroker({ redis, folder }: Settings): Broker {
  return redis ? RedisBroker.fromEnv() : sqliteBroker({ path: `${folder}/dabba.db` });
}
