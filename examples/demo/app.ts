/** The demo's Hono app: the page, the routes that enqueue, and Dabba's own routes. */

import { BrokerError } from "@dabba/queue";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import { type Context, Hono, type Next } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { assetRoutes } from "./assets.ts";
import type { Partner } from "./partner/partner.ts";
import { partnerRoutes } from "./partner/routes.ts";
import { checkPicture } from "./pictures.ts";
import type { DemoQueue } from "./queue.ts";
import { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { KEY, type PictureStore } from "./storage.ts";
import { SIZES } from "./tasks/avatars.ts";
import { SCHEDULE } from "./tasks/postcards.ts";
import { MAX_FILE_BYTES, receiveFile } from "./upload.ts";

/** Holds what the app serves. */
export interface Served {
  /** The demo's settings. */
  readonly settings: Settings;
  /** Its queue. */
  readonly queue: DemoQueue;
  /** Its pictures. */
  readonly pictures: PictureStore;
  /** Its partner. */
  readonly partner: Partner;
  /** Aborts when the demo stops. */
  readonly stopping: AbortSignal;
}

/** Makes the app. */
export function makeApp({ settings, queue, pictures, partner, stopping }: Served): Hono {
  const app = new Hono();
  app.onError(answerError);
  app.notFound((c) => refuse(c, new Refusal(404, "not_found", "There is nothing here.")));
  app.use(guarded(), refuseOtherSites);

  const tasks = new Hono()
    .use(withTasks(queue))
    .post("/avatars", async (c) => {
      const bytes = await receiveFile(c.req.raw, "picture");
      await checkPicture(bytes);
      const key = await pictures.keep(bytes);
      return enqueued(c, await c.var.tasks.avatars.resize.enqueue({ key }));
    })
    .post("/postcards", enqueue(queue.tasks.postcards))
    .post("/postcards/:id/redrive", async (c) => {
      const count = await queue.redrive({ ids: [c.req.param("id")] });
      if (count === 0) throw new Refusal(409, "not_dead", "This postcard has not given up.");
      return c.json({ redriven: count });
    });

  app.get("/demo", async (c) => {
    const { broker, store } = namesOf(settings);
    const partnerOn = await partner.isOn();
    return c.json({ broker, store, partnerOn, maxFileBytes: MAX_FILE_BYTES, schedule: SCHEDULE });
  });
  app.get("/pictures/:key/:file", (c) => servePicture(c, pictures));
  app.route("/partner", partnerRoutes(partner));
  app.route("/dabba", dabbaRoutes(queue, { secret: settings.secret, signal: stopping }));
  app.route("/", tasks);
  app.route("/", assetRoutes());
  return app;
}

function namesOf({ redis }: Settings): { broker: string; store: string } {
  return redis
    ? { broker: "Redis over HTTP", store: "Redis, over HTTP" }
    : { broker: "SQLite", store: "a SQLite file" };
}

async function servePicture(c: Context, pictures: PictureStore): Promise<Response> {
  const key = c.req.param("key") ?? "";
  const size = SIZES.find((size) => c.req.param("file") === `${size}.avif`);
  const bytes = KEY.test(key) && size ? await pictures.size(key, size) : undefined;
  if (bytes === undefined) return c.notFound();
  // Named by what is in it: it never changes.
  const caching = "public, max-age=31536000, immutable";
  return c.body(bytes, 200, { "content-type": "image/avif", "cache-control": caching });
}

function guarded() {
  const only = ["'self'"];
  return secureHeaders({
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      defaultSrc: only,
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: only,
      frameAncestors: ["'none'"],
    },
  });
}

// A form on any website could post here, through the browser of whoever runs the demo.
async function refuseOtherSites(c: Context, next: Next): Promise<void> {
  const reads = c.req.method === "GET" || c.req.method === "HEAD";
  const from = c.req.header("sec-fetch-site") ?? "none";
  if (!reads && from !== "same-origin" && from !== "none") {
    throw new Refusal(403, "other_site", "Another website may not send this.");
  }
  await next();
}

function answerError(error: Error, c: Context): Response {
  if (error instanceof Refusal) return refuse(c, error);
  if (error instanceof BrokerError && error.retryable) {
    const message = "The queue cannot be reached. Please try again in a moment.";
    return c.json({ error: { code: "unavailable", message } }, 503, { "retry-after": "5" });
  }
  // deno-lint-ignore no-console -- whoever runs the demo must see what broke
  console.error(error);
  const message = "Something broke; the terminal says what.";
  return c.json({ error: { code: "internal", message } }, 500);
}

function refuse(c: Context, { code, message, status }: Refusal): Response {
  return c.json({ error: { code, message } }, status);
}
