/** The page's files: a closed list, so that no path leads out of their folder. */

import { type Context, Hono } from "hono";

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
} as const;

const FILES = [
  "index.html",
  "style.css",
  "icon.svg",
  "main.js",
  "connection.js",
  "element.js",
  "http.js",
  "kept.js",
  "picture.js",
  "picture_view.js",
  "plan.js",
  "postcard.js",
  "postcards.js",
  "shown.js",
  "switch.js",
  "watch.js",
  "words.js",
] as const;

/** Makes the routes of the page: `/` and its files. */
export function assetRoutes(): Hono {
  const app = new Hono();
  app.get("/", (c) => serve(c, "index.html"));
  for (const name of FILES) app.get(`/${name}`, (c) => serve(c, name));
  return app;
}

async function serve(c: Context, name: string): Promise<Response> {
  const text = await Deno.readTextFile(new URL(`./page/${name}`, import.meta.url));
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1) as keyof typeof TYPES];
  return c.body(text, 200, { "content-type": type, "cache-control": "no-cache" });
}
