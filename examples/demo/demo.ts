/** The demo as a whole: one server, one worker, one queue; started and stopped together. */

import { Hono } from "hono";
import { makeApp } from "./app.ts";
import { Partner } from "./partner/partner.ts";
import { openQueue } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { PictureStore } from "./storage.ts";
import { Avatars } from "./tasks/avatars.ts";
import { sendPostcard } from "./tasks/postcard_handler.ts";
import { postcards } from "./tasks/postcards.ts";

/** How long requests may take to end, once the worker has. */
const GOODBYE_MS = 2_000;

/** Is a demo that runs. */
export interface Demo {
  /** Where it is served. */
  readonly url: URL;
  /** Ends when the demo does; rejects when the store refuses for good, such as for a wrong token. */
  readonly ended: Promise<void>;
  /** Has it end: the worker hands back what it cannot finish, then the server closes. */
  stop(): void;
}

/** Starts it; throws when the port is taken. */
export async function startDemo(settings: Settings, log: (line: string) => void): Promise<Demo> {
  const { hostname, port, folder } = settings;
  await Deno.mkdir(folder, { recursive: true });
  // The app needs the address of the partner, which is this server's, known once it listens.
  let app = new Hono();
  const server = Deno.serve({ hostname, port, onListen() {} }, (request) => app.fetch(request));
  const url = urlOf(hostname, server.addr.port);
  const pictures = new PictureStore(`${folder}/pictures`);
  const partner = new Partner(`${folder}/partner`);
  const queue = openQueue(settings, {
    avatars: new Avatars(pictures),
    postcards: postcards.handler(sendPostcard(url)),
  }, log);
  const stopping = new AbortController();
  app = makeApp({ settings, queue, pictures, partner, stopping: stopping.signal });
  // A short lease: what a killed demo was doing is taken up ten seconds later.
  const worker = queue.worker({ concurrency: 4, lease: "10s", signals: false });

  async function run(): Promise<void> {
    try {
      await worker.run({ signal: stopping.signal });
    } finally {
      // The server last: it is also the partner that running tasks still talk to.
      await Promise.race([server.shutdown(), delay(GOODBYE_MS)]);
      await queue.close();
    }
  }

  return { url, ended: run(), stop: () => stopping.abort() };
}

function urlOf(hostname: string, port: number): URL {
  const everywhere = hostname === "0.0.0.0" || hostname === "::";
  const host = everywhere ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return new URL(`http://${host}:${port}/`);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
