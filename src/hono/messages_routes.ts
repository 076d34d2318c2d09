/** `GET /messages/:id` and its events: where a message stands, now or live. */

import type { Producer } from "../producer/producer.ts";
import { MessageNotFoundError } from "../errors.ts";
import { checkName } from "../message/id.ts";
import { isFinal, type MessageStatus } from "../status.ts";
import { systemClock } from "../worker/clock.ts";
import { answer, type AnyContext, HEADERS, type Serve } from "./answer.ts";
import { messageBody } from "./message_body.ts";
import { eventId, messageEvents } from "./message_events.ts";
import { SharedLooks } from "./shared_looks.ts";

/** Makes the handler that tells where a message stands. */
export function serveMessage(dabba: Producer): Serve {
  return async function message(c) {
    const status = await read(dabba, c);
    const headers: Record<string, string> = isFinal(status.state)
      ? {}
      : { "retry-after": String(retryAfter(status)) };
    return answer(c, messageBody(status), { status: 200, headers });
  };
}

/** Makes the handler that follows a message, for at most `maxMs`, and until `closing` aborts. */
export function serveEvents(
  dabba: Producer,
  { maxMs, closing }: { readonly maxMs: number; readonly closing: AbortSignal | undefined },
): Serve {
  const clock = systemClock();
  const looks = new SharedLooks((id) => dabba.status(id), clock);
  return async function events(c) {
    const first = await read(dabba, c);
    const lastEventId = c.req.header("last-event-id");
    // The listener has the result already: 204 tells a browser not to come back.
    if (isFinal(first.state) && lastEventId === eventId(first)) {
      return c.body(null, 204, HEADERS);
    }
    const gone = new AbortController();
    const lines = messageEvents({
      first,
      read: () => looks.at(first.id),
      lastEventId,
      signal: closing ? AbortSignal.any([gone.signal, closing]) : gone.signal,
      maxMs,
      clock,
    });
    return c.body(toStream(lines, () => gone.abort()), 200, {
      "content-type": "text/event-stream",
      ...HEADERS,
      "x-accel-buffering": "no",
    });
  };
}

function read(dabba: Producer, c: AnyContext): Promise<MessageStatus> {
  const id = c.req.param("id") ?? "";
  try {
    checkName(id, "message id");
  } catch {
    throw new MessageNotFoundError(id.slice(0, 64));
  }
  return dabba.status(id);
}

// By this machine's clock: it is only a hint.
function retryAfter({ nextAttemptAt }: MessageStatus): number {
  const waitMs = nextAttemptAt === undefined ? 0 : nextAttemptAt.getTime() - Date.now();
  return Math.min(60, Math.max(1, Math.ceil(waitMs / 1_000)));
}

/** Makes a stream that asks for a line only when somebody reads; HEAD never does. */
function toStream(lines: AsyncGenerator<string>, cancel: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel,
  }, { highWaterMark: 0 });
}
