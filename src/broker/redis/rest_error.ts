/** What a Redis over HTTP answers instead of a reply. */

import { ownWords } from "./own_words.ts";

/** Says what a store or a proxy answered; holds no command, no payload and no token. */
export class RestError extends Error {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "RestError";
  /** The store's own words, cut where they may quote an argument; empty where a proxy has answered. */
  declare readonly words: string;
  /** The status of HTTP. */
  declare readonly status: number;
  /** How long the store wants to be left alone, in milliseconds; undefined where it did not say. */
  declare readonly retryAfterMs: number | undefined;

  /** Makes it of what stood where the reply should. */
  constructor(text: string, { status, headers }: Pick<Response, "status" | "headers">) {
    const words = ownWords(text);
    super(words || `HTTP ${status} without a reply of Redis`);
    this.words = words;
    this.status = status;
    this.retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  }
}

/** Reads seconds, or an instant by this machine's clock. */
function parseRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\s*\d+\s*$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
