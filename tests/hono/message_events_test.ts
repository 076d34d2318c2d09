import { assert, assertEquals, assertRejects } from "@std/assert";
import { BrokerError, MessageNotFoundError, type MessageStatus } from "@dabba/queue";
import { eventId, messageEvents } from "../../src/hono/message_events.ts";
import { ManualClock } from "./manual_clock.ts";

const RETRY = "retry: 1000\n\n";
const HEARTBEAT = ":\n\n";

function status(over: Partial<MessageStatus> = {}): MessageStatus {
  return {
    id: "m",
    task: "greet",
    state: "ready",
    attempts: 0,
    crashes: 0,
    queue: "default",
    priority: "normal",
    enqueuedAt: new Date(0),
    history: [],
    ...over,
  };
}

const running = status({ state: "leased", attempts: 1 });
const done = status({ state: "succeeded", attempts: 1, output: "Hello", finishedAt: new Date(9) });

type Look = MessageStatus | Error;

interface Followed {
  readonly events: string[];
  readonly clock: ManualClock;
  /** When each look was, in milliseconds. */
  readonly looks: number[];
  readonly gone: AbortController;
  readonly end: Promise<void>;
}

/** Follows a message that is found as listed, look by look; the last one stays. */
function follow(
  [first, ...rest]: [MessageStatus, ...Look[]],
  { maxMs = 300_000, lastEventId }: { maxMs?: number; lastEventId?: string } = {},
): Followed {
  const clock = new ManualClock();
  const gone = new AbortController();
  const events: string[] = [];
  const looks: number[] = [];
  const read = () => {
    const found = rest[Math.min(looks.length, rest.length - 1)] ?? first;
    looks.push(clock.now());
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  const following = { first, read, lastEventId, signal: gone.signal, maxMs, clock };
  const end = (async () => {
    for await (const event of messageEvents(following)) events.push(event);
  })();
  return { events, clock, looks, gone, end };
}

/** Lets the clock run until the events end. */
async function toEnd({ clock, end }: Followed): Promise<void> {
  let over = false;
  const ended = end.finally(() => over = true);
  while (!over) await Promise.race([clock.next(), ended]);
  await ended;
}

const names = (events: readonly string[]) => events.join("").match(/(?<=^event: ).*$/gm);

function data(events: readonly string[], name: string): Record<string, unknown>[] {
  const found = events.join("").matchAll(/^event: (.*)\nid: .*\ndata: (.*)\n$/gm);
  return [...found].flatMap(([, event, json]) => event === name ? [JSON.parse(json!)] : []);
}

Deno.test("messageEvents() tells each change of state, then the result, then ends", async () => {
  const retry = status({ state: "scheduled", attempts: 1, nextAttemptAt: new Date(5) });
  const again = status({ state: "leased", attempts: 2 });
  const followed = follow([status(), running, running, retry, again, done]);
  await toEnd(followed);
  assertEquals(names(followed.events), ["state", "state", "state", "state", "state", "result"]);
  const states = data(followed.events, "state").map(({ state }) => state);
  assertEquals(states, ["ready", "leased", "scheduled", "leased", "succeeded"]);
  assertEquals(followed.events[0], RETRY);
  assertEquals(followed.clock.waiting, 0);
});

Deno.test("messageEvents() gives the output with the result only", async () => {
  const followed = follow([done]);
  await toEnd(followed);
  const [state] = data(followed.events, "state");
  const [result] = data(followed.events, "result");
  assertEquals("output" in state!, false);
  assertEquals([result!.output, result!.finishedAt], ["Hello", "1970-01-01T00:00:00.009Z"]);
});

Deno.test("messageEvents() tells each progress once, under an id of its own", async () => {
  const at = (progress: unknown) => status({ state: "leased", attempts: 1, progress });
  const followed = follow([running, at({ done: 1 }), at({ done: 1 }), at({ done: 2 }), done]);
  await toEnd(followed);
  assertEquals(names(followed.events), ["state", "progress", "progress", "state", "result"]);
  const told = data(followed.events, "progress").map(({ progress }) => progress);
  assertEquals(told, [{ done: 1 }, { done: 2 }]);
  const ids = followed.events.join("").match(/(?<=^id: ).*$/gm)!;
  assertEquals(new Set(ids).size, 4);
  assertEquals(ids[3], ids[4]);
});

Deno.test("messageEvents() does not tell a listener that comes back what it knows", async () => {
  const followed = follow([running, done], { lastEventId: `${eventId(running)}~7` });
  await toEnd(followed);
  assertEquals(data(followed.events, "state").map(({ state }) => state), ["succeeded"]);
});

Deno.test("messageEvents() shows no stack", async () => {
  const error = { name: "Error", message: "no", stack: "Error: no\n at secret.ts" };
  const followed = follow([status({ state: "dead", attempts: 1, error })]);
  await toEnd(followed);
  assertEquals(followed.events.join("").includes("secret.ts"), false);
  assertEquals(data(followed.events, "result")[0]!.error, { name: "Error", message: "no" });
});

Deno.test("messageEvents() keeps each event on lines of its own, whatever the text", async () => {
  const followed = follow([{ ...done, output: "a\n\nevent: x\rid: 1\u2028" }]);
  await toEnd(followed);
  assertEquals(names(followed.events), ["state", "result"]);
  assertEquals(followed.events.join("").includes("\r"), false);
});

Deno.test("messageEvents() looks less and less often, up to once a second, and anew after news", async () => {
  const calm: Look[] = Array(8).fill(running);
  const followed = follow([running, ...calm, { ...running, progress: 1 }, done]);
  await toEnd(followed);
  const waits = followed.looks.map((at, i) => Math.round(at - (followed.looks[i - 1] ?? 0)));
  assertEquals(waits, [100, 150, 225, 338, 506, 759, 1000, 1000, 1000, 100]);
});

Deno.test("messageEvents() sends a comment after each 15 seconds of silence", async () => {
  const followed = follow([running], { maxMs: 46_000 });
  await toEnd(followed);
  const beats = followed.events.filter((event) => event === HEARTBEAT);
  assertEquals(beats.length, 3);
});

Deno.test("messageEvents() ends when its time is over, so that the browser comes back", async () => {
  const followed = follow([running], { maxMs: 2_500 });
  await toEnd(followed);
  assertEquals(followed.clock.now(), 2_500);
  assertEquals(names(followed.events), ["state"]);
});

Deno.test("messageEvents() looks no more once nobody listens", async () => {
  const followed = follow([running, running]);
  await followed.clock.next();
  await followed.clock.next();
  const { length } = followed.looks;
  followed.gone.abort();
  await followed.end;
  assertEquals([followed.looks.length, followed.clock.waiting], [length, 0]);
});

Deno.test("messageEvents() waits an outage out", async () => {
  const away = new BrokerError("read", "away", { retryable: true });
  const followed = follow([running, away, away, done]);
  await toEnd(followed);
  assertEquals(names(followed.events), ["state", "state", "result"]);
});

Deno.test("messageEvents() ends for a message that is forgotten meanwhile", async () => {
  const followed = follow([running, new MessageNotFoundError("m")]);
  await toEnd(followed);
  assertEquals(names(followed.events), ["state"]);
});

Deno.test("messageEvents() fails with a store that refuses for good", async () => {
  const followed = follow([running, new BrokerError("read", "no", { retryable: false })]);
  await assertRejects(() => toEnd(followed), BrokerError);
  assert(followed.clock.waiting === 0);
});
