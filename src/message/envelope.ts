/** The envelope: all that a worker must know to run a message, written once, at enqueue. */

import { isWholeMs } from "../duration.ts";
import { type BackoffPlan, isBackoffPlan } from "../retry/backoff.ts";

/** Is the plan of one message: its task and its resolved options. */
export interface Plan {
  /** The task's name. */
  readonly task: string;
  /** When failed attempts are repeated. */
  readonly backoff: BackoffPlan;
  /** How long one attempt may run, in milliseconds; 0 for as long as it takes. */
  readonly timeoutMs: number;
  /** How long its outcome stays readable, in milliseconds. */
  readonly retainMs: number;
  /** How long the store must remember that it succeeded, in milliseconds; at least `retainMs`. */
  readonly keepMs: number;
  /** How many times its worker may vanish while it runs before it counts as poison. */
  readonly maxCrashes: number;
}

/** Is an opened envelope. */
export interface Envelope extends Plan {
  /** The input, as JSON text that no schema has seen yet. */
  readonly input: string;
}

// One letter each: the envelope is stored once for every waiting message.
interface Wire {
  readonly v: 1;
  readonly t: string;
  readonly b: BackoffPlan;
  readonly o?: number | undefined;
  readonly r: number;
  readonly k?: number | undefined;
  readonly c: number;
}

/** Writes the part of an envelope that is the same for all messages of one plan. */
export function encodePlan(plan: Plan): string {
  const wire: Wire = {
    v: 1,
    t: plan.task,
    b: plan.backoff,
    o: plan.timeoutMs || undefined,
    r: plan.retainMs,
    k: plan.keepMs > plan.retainMs ? plan.keepMs : undefined,
    c: plan.maxCrashes,
  };
  return JSON.stringify(wire);
}

/**
 * Puts an input behind its plan. The input keeps its own text: whoever reads the envelope can parse
 * the plan without the input.
 */
export function encodeEnvelope(plan: string, input: string): string {
  return plan + "\n" + input;
}

/** Opens an envelope; throws a `SyntaxError` or `TypeError` when it is not one. */
export function decodeEnvelope(body: string): Envelope {
  const end = body.indexOf("\n");
  return {
    ...decodePlan(end < 0 ? body : body.slice(0, end), end >= 0),
    input: body.slice(end + 1),
  };
}

/** Opens envelopes that come in numbers: messages of one task mostly have one plan. */
export class EnvelopeReader {
  #text = "";
  #plan: Plan | undefined;

  /** Does as {@linkcode decodeEnvelope}. */
  read(body: string): Envelope {
    if (this.#plan === undefined || !body.startsWith(this.#text)) {
      const { input: _, ...plan } = decodeEnvelope(body);
      this.#text = body.slice(0, body.indexOf("\n") + 1);
      this.#plan = plan;
    }
    return { ...this.#plan, input: body.slice(this.#text.length) };
  }
}

function decodePlan(text: string, whole: boolean): Plan {
  const wire: unknown = JSON.parse(text);
  if (!whole || !isWire(wire)) {
    throw new TypeError("Cannot read envelope: it was not written by this version of Dabba");
  }
  return {
    task: wire.t,
    backoff: wire.b,
    timeoutMs: wire.o ?? 0,
    retainMs: wire.r,
    keepMs: wire.k ?? wire.r,
    maxCrashes: wire.c,
  };
}

// In full: a number that is none would be told to the store, which then refuses the worker.
function isWire(value: unknown): value is Wire {
  const { v, t, b, o, r, k, c } = (value ?? {}) as Partial<Wire>;
  return v === 1 && typeof t === "string" && isBackoffPlan(b) &&
    (o === undefined || isWholeMs(o)) && isWholeMs(r) && (k === undefined || isWholeMs(k)) &&
    Number.isInteger(c) && c! >= 1;
}
