/** The demo's settings, read from the environment once. */

import { fileURLToPath } from "node:url";

/** Says where the demo is served, where it keeps its files, and what guards its queue's routes. */
export interface Settings {
  /** The address to listen on: this machine alone, unless HOST says otherwise. */
  readonly hostname: string;
  /** The port, 0 for any that is free. */
  readonly port: number;
  /** The folder of pictures, of the partner's post and of the SQLite file. */
  readonly folder: string;
  /** The secret of `POST /dabba/drain` and `POST /dabba/tasks/:name`. */
  readonly secret: string;
  /** Whether the queue is kept in Redis, over HTTP, rather than in a file. */
  readonly redis: boolean;
}

/** Reads the settings; throws `TypeError` for one that cannot be used. */
export function readSettings(env: { get(name: string): string | undefined }): Settings {
  return {
    hostname: env.get("HOST") || "127.0.0.1",
    port: readPort(env.get("PORT") || "8000"),
    folder: env.get("DABBA_DEMO_DIR") ||
      fileURLToPath(new URL("../../.dabba/demo", import.meta.url)),
    secret: env.get("DABBA_SECRET") || crypto.randomUUID(),
    redis: Boolean(env.get("UPSTASH_REDIS_REST_URL")),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new TypeError(`Cannot use PORT "${text}": it must be a number from 0 to 65535`);
}
