/** Listens over TCP: a connection of an ioredis that is for one channel only. */

import { type ChannelListener, inTime } from "./client.ts";

/** Is what listening needs of a second connection. */
export interface IoredisSubscriber {
  /** Subscribes to a channel; again where that was done. */
  subscribe(channel: string): Promise<unknown>;
  /** Calls back at each text, failure or end. */
  on(event: string, callback: (...args: string[]) => void): unknown;
  /** Ends the connection. */
  disconnect(): void;
}

/** How often a silent connection is asked whether it is still there, and how long that may take. */
const ASK_MS = { every: 30_000, most: 10_000 };

/** Listens until the connection is lost or silent, or `signal` aborts; then it is closed. */
export async function listenOverTcp(
  connection: IoredisSubscriber,
  channel: string,
  { opened, told, signal }: ChannelListener,
): Promise<void> {
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  // Whoever waits for the subscription hears of it; unheard, it would be printed.
  connection.on("error", () => {});
  let open = true;
  connection.on("close", () => {
    open = false;
    lose();
  });
  connection.on("message", (_channel, text = "") => told(text));
  signal.addEventListener("abort", () => lose(), { once: true });
  if (signal.aborted) lose();
  const ask = () => inTime(connection.subscribe(channel), ASK_MS.most);
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    await Promise.race([ask(), lost]);
    if (signal.aborted) return;
    opened();
    timer = setInterval(() => ask().catch(() => lose()), ASK_MS.every);
    await lost;
  } finally {
    clearInterval(timer);
    if (open) connection.disconnect();
  }
}
