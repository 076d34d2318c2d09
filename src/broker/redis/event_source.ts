/** Listens over HTTP: server-sent events of a channel, as Upstash and the gateway serve them. */

import type { RestClientOptions } from "./address.ts";
import type { ChannelListener } from "./client.ts";
import { RestError } from "./rest_error.ts";

/** Where comments come, a silence of three of the gateway's intervals is a dead connection. */
const SILENCE_MS = 45_000;
/** Where none come, nothing tells a silent connection from a dead one: it is made anew. */
const RENEW_MS = 1_200_000;
const MAX_LINE = 1_000_000;

/** Listens until the stream ends, falls silent, or `signal` aborts. */
export async function listenOverHttp(
  { url, token, timeoutMs = 5_000 }: RestClientOptions,
  channel: string,
  listener: ChannelListener,
): Promise<void> {
  const deadline = new Deadline(listener.signal);
  try {
    deadline.set(timeoutMs);
    const response = await fetch(`${url}/subscribe/${encodeURIComponent(channel)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      redirect: "manual",
      signal: deadline.signal,
    });
    if (!isStream(response)) throw new RestError(await errorOf(response), response);
    await read(response.body!, { channel, listener, deadline });
  } finally {
    deadline.clear();
  }
}

function isStream({ ok, body, headers }: Response): boolean {
  return ok && body !== null &&
    (headers.get("content-type") ?? "").startsWith("text/event-stream");
}

async function errorOf(response: Response): Promise<string> {
  const reply: unknown = await response.json().catch(() => undefined);
  const { error } = (reply ?? {}) as { error?: unknown };
  return typeof error === "string" ? error : "";
}

interface Reading {
  readonly channel: string;
  readonly listener: ChannelListener;
  readonly deadline: Deadline;
}

async function read(body: ReadableStream<Uint8Array>, reading: Reading): Promise<void> {
  const { channel, listener, deadline } = reading;
  let [text, commented] = ["", false];
  // Not pipeThrough(): its type differs from runtime to runtime.
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split(/\r\n|\n/);
    text = lines.pop()!;
    if (text.length > MAX_LINE) throw new TypeError("An event is too long");
    for (const line of lines) {
      if (line.startsWith(":")) commented = true;
      if (line.startsWith(`data: subscribe,${channel},`)) {
        listener.opened();
        deadline.set(RENEW_MS);
      }
      const head = `data: message,${channel},`;
      if (line.startsWith(head)) listener.told(line.slice(head.length));
    }
    if (commented) deadline.set(SILENCE_MS);
  }
}

/** Aborts when a time is over, or when somebody else does. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #abort = () => this.#controller.abort(this.#parent.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#abort();
    else parent.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  set(ms: number): void {
    clearTimeout(this.#timer);
    const error = new DOMException("The deadline passed", "TimeoutError");
    this.#timer = setTimeout(() => this.#controller.abort(error), ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }
}
