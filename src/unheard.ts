/** Unheard events: what goes wrong at work is told on the console as long as nobody listens to it. */

import { type DabbaEvents, Events, type Listener } from "./events.ts";
import type { ErrorRecord } from "./message/journal.ts";

type Name = keyof DabbaEvents;
type Lines = { readonly [K in Name]?: (event: DabbaEvents[K]) => string };

/** A store that somebody else fills could name any number of tasks. */
const MOST_UNKNOWN = 100;
const MOST_CHARS = 500;
/** A line of a stack, as V8 writes it, or as JavaScriptCore does. */
const FRAME = /^ *at |^[^ ]*@/;

const WARNINGS: Lines = {
  retried: ({ task, id, attempt, delayMs, error }) =>
    `task "${task}" failed at attempt ${attempt}, the next one comes in ${inWords(delayMs)} ` +
    `(message ${id}): ${inLine(error)}`,
  unknownTask: ({ task }) =>
    `no handler of task "${task}" is here: its messages wait for a worker that has one`,
  outage: ({ worker, error }) =>
    `worker "${worker}" cannot use its store, and tries again: ${error.message}`,
  recovered: ({ worker }) => `worker "${worker}" can use its store again`,
  deadNearlyFull: ({ count, bytes }) =>
    `${count} dead letters of ${bytes} bytes are at 80 % of what is kept: redrive or discard some`,
  overBudget: ({ worker, commandsPerMonth }) =>
    `the work of "${worker}" costs more than its budget of ${commandsPerMonth} commands a month`,
};

const ERRORS: Lines = {
  dead: ({ task, id, attempt, error }) =>
    `task "${task}" failed at attempt ${attempt} for good, and is a dead letter now ` +
    `(message ${id}): ${inLine(error)}`,
  deadDropped: ({ ids }) =>
    `${ids.length} of the oldest dead letters were dropped for good, as there were too many`,
  alarm: ({ worker, error }) =>
    `the store told worker "${worker}" what Dabba does not know: ${error.message}`,
};

/** Hands a worker's events on, and what nobody would hear of to the console; one per `Dabba`. */
export class UnheardEvents extends Events {
  readonly #heard: Events;
  readonly #log: boolean;
  readonly #counters = new Events();
  readonly #unknown = new Set<string>();

  /** Makes it for the events that users listen to; without `log` the console hears nothing. */
  constructor(heard: Events, log: boolean) {
    super();
    this.#heard = heard;
    this.#log = log;
  }

  /** Adds one who only counts: to people, what it hears is still unheard. */
  count<K extends Name>(name: K, listener: Listener<K>): void {
    this.#counters.on(name, listener);
  }

  /** Adds a listener. */
  override on<K extends Name>(name: K, listener: Listener<K>): () => void {
    return this.#heard.on(name, listener);
  }

  /** Tells whether anybody hears of it. */
  override has(name: Name): boolean {
    if (this.#heard.has(name) || this.#counters.has(name)) return true;
    return this.#log && (name in WARNINGS || name in ERRORS);
  }

  /** Hands an event on. */
  override emit<K extends Name>(name: K, event: DabbaEvents[K]): void {
    this.#counters.emit(name, event);
    if (this.#heard.has(name)) return this.#heard.emit(name, event);
    if (!this.#log) return;
    // The same message comes again each half minute: each task is told once.
    if (name === "unknownTask" && !this.#isNew((event as DabbaEvents["unknownTask"]).task)) return;
    const [warning, error] = [WARNINGS[name]?.(event), ERRORS[name]?.(event)];
    // deno-lint-ignore no-console
    if (warning !== undefined) console.warn(`Dabba: ${clean(warning)}`);
    // deno-lint-ignore no-console
    if (error !== undefined) console.error(`Dabba: ${clean(error)}`);
  }

  #isNew(task: string): boolean {
    if (this.#unknown.has(task) || this.#unknown.size >= MOST_UNKNOWN) return false;
    this.#unknown.add(task);
    return true;
  }
}

/** Errors that a worker makes itself: where it did says nothing of the handler. */
const OWN = /^(TaskTimeout|Validation|PayloadTooLarge|Unserialisable)Error$/;
/** Places in the runtime: a failing `fetch` is thrown there, on behalf of the frames below. */
const RUNTIME = /\b(ext|node|bun|native):|<anonymous>\)?$/;

/** Says what was thrown and where, in one line. */
function inLine({ name, message, stack = "" }: ErrorRecord): string {
  const frames = OWN.test(name) ? [] : stack.split("\n").filter((line) => FRAME.test(line));
  const place = frames.find((line) => !RUNTIME.test(line))?.trim();
  return `${name}: ${message.slice(0, MOST_CHARS)}${place === undefined ? "" : ` (${place})`}`;
}

function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

// What an error says may come from anywhere: it must not end the line, nor steer a terminal.
function clean(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replace(/[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}
