/** Enqueueing: checks an input and its options, and hands a message to the coalescer. */

import { checkKnown, type Known } from "./known_options.ts";
import type { PushMessage, PushReply } from "./broker/broker.ts";
import { Coalescer } from "./coalescer.ts";
import { type Duration, durationMs } from "./duration.ts";
import { PayloadTooLargeError, UnserialisableError } from "./errors.ts";
import type { Events } from "./events.ts";
import type { ProducerGround } from "./ground.ts";
import { encodeEnvelope, encodePlan } from "./message/envelope.ts";
import { checkName, randomIds } from "./message/id.ts";
import { bytesOver, encodeJson } from "./message/json.ts";
import { makeReceipt, type Receipt } from "./receipt.ts";
import { parse } from "./schema.ts";
import {
  DEFAULTS,
  type ResolvedSettings,
  resolveSettings,
  type TaskDefinition,
  type TaskSettings,
} from "./task.ts";

/** Says how one message is enqueued; its settings go over those of the task. */
export interface EnqueueOptions extends TaskSettings {
  /** How long to wait before it is due, by the store's clock. Not together with `at`. */
  readonly delay?: Duration;
  /** When it is due; a past instant means now. Not together with `delay`. */
  readonly at?: Date;
  /** How long it is worth a start; later it becomes `expired`. @default for ever */
  readonly expiresIn?: Duration;
  /**
   * At most one message of this task and key within `ttl`, also after it has succeeded: later ones get
   * the first one's receipt, with the disposition `duplicate`. The key is free again once that message
   * is dead, expired or cancelled.
   */
  readonly dedupe?: { readonly key: string; readonly ttl: Duration };
  /**
   * Its id, `[A-Za-z0-9_.:-]{1,64}`: a second message of this id is a duplicate, whatever its task,
   * for as long as the first one is known.
   * @default random
   */
  readonly id?: string;
}

/** Turns calls of `.enqueue()` into messages; one per `Dabba`. */
export class Enqueuer {
  /** The largest input, in bytes of its JSON text. */
  declare readonly payloadLimit: number;
  readonly #ground: ProducerGround;
  readonly #events: Events;
  readonly #coalescer: Coalescer;
  readonly #plans = new WeakMap<ResolvedSettings, string>();

  /** Makes it in front of a store; `payloadLimit` counts bytes of an input's JSON text. */
  constructor(ground: ProducerGround, events: Events, payloadLimit: number) {
    this.#ground = ground;
    this.#events = events;
    this.payloadLimit = payloadLimit;
    this.#coalescer = new Coalescer((messages) => ground.broker.push(messages));
  }

  /** Checks, stores, and gives the receipt; rejects before any I/O for bad input. */
  enqueue(
    definition: TaskDefinition,
    input: unknown,
    options: EnqueueOptions = {},
  ): Promise<Receipt> {
    return this.#enqueue(definition, [input], { options }).then(([receipt]) => receipt!);
  }

  /** Enqueues many inputs; one that is bad keeps all of them out, and the error says which. */
  enqueueMany(
    definition: TaskDefinition,
    inputs: readonly unknown[],
    options: EnqueueOptions = {},
  ): Promise<Receipt[]> {
    return this.#enqueue(definition, inputs, { options, many: true });
  }

  async #enqueue(
    definition: TaskDefinition,
    inputs: readonly unknown[],
    { options, many }: { readonly options: EnqueueOptions; readonly many?: boolean },
  ): Promise<Receipt[]> {
    if (options.id !== undefined && inputs.length > 1) {
      throw new TypeError("Cannot give one id to many messages: enqueue them one by one");
    }
    const prepared = this.prepare(definition, [...inputs], { options: [options], many });
    // Schemas that answer at once cost no turn of the event loop: same-turn enqueues stay together.
    const messages = prepared instanceof Promise ? await prepared : prepared;
    const receipts: Receipt[] = [];
    let left = messages.length;
    if (left === 0) return receipts;
    await new Promise<void>((resolve, reject) => {
      this.#coalescer.add(messages, (reply, at) => {
        this.tell(definition.name, reply, messages[at]!);
        receipts[at] = makeReceipt(this.#ground, definition, reply);
        if (--left === 0) resolve();
      }, reject);
    });
    const { arrived } = this.#ground;
    if (arrived) await Promise.all(receipts.map(({ id }) => arrived(id)));
    return receipts;
  }

  /** Checks inputs, and makes messages of them; the options are one for all, or one for each. */
  prepare(
    definition: TaskDefinition,
    inputs: readonly unknown[],
    { options, many }: {
      readonly options: readonly EnqueueOptions[];
      readonly many?: boolean | undefined;
    },
  ): PushMessage[] | Promise<PushMessage[]> {
    const { name: task } = definition;
    const orders = options.map((one) => this.#order(definition, one));
    const drawn = randomIds(inputs.length);
    const [messages, late]: [PushMessage[], Promise<unknown>[]] = [[], []];
    let root: readonly number[] = [];
    try {
      for (const input of inputs) {
        const at = messages.length;
        if (many) root = [at];
        const text = encodeJson(input);
        const bytes = bytesOver(text, this.payloadLimit);
        if (bytes !== undefined) {
          throw new PayloadTooLargeError(task, bytes, this.payloadLimit, "input", root[0]);
        }
        const valid = parse(definition.input, JSON.parse(text), { task, side: "input", root });
        if (valid instanceof Promise) late.push(valid);
        const { id = drawn[at]!, plan, rest } = orders[at] ?? orders[0]!;
        // Under an id that was chosen, the drawn one tells a second use of it from a replay.
        const nonce = id === drawn[at] ? "-" : drawn[at]!;
        messages.push({ ...rest, id, nonce, body: encodeEnvelope(plan, text) });
      }
    } catch (error) {
      // It keeps all out, and leaves no rejection of the others unheard.
      for (const valid of late) valid.catch(() => {});
      if (!(error instanceof UnserialisableError)) throw error;
      throw new UnserialisableError(
        [...root, ...error.path],
        error.reason,
        `input of task "${task}"`,
      );
    }
    return late.length === 0 ? messages : Promise.all(late).then(() => messages);
  }

  /** Tells of an answer. */
  tell(task: string, reply: PushReply, { queue }: PushMessage): void {
    this.#events.emit("enqueued", { ...reply, task, queue });
  }

  #order(definition: TaskDefinition, options: EnqueueOptions): Order {
    const settings = settingsOf(definition, options);
    const { dedupe, ...when } = schedule(options);
    const { queue, priority } = settings;
    return {
      id: options.id === undefined ? undefined : checkName(options.id, "message id"),
      plan: this.#plan(definition.name, settings, dedupe?.ttlMs),
      rest: {
        queue,
        priority,
        ...when,
        // Keys of two tasks are two keys: else one task's message would stand for the other's.
        dedupe: dedupe && { ...dedupe, key: `${definition.name} ${dedupe.key}` },
      },
    };
  }

  // A message that holds a dedupe key is remembered for as long: the key falls with its winner.
  #plan(task: string, settings: ResolvedSettings, keepMs: number = 0): string {
    const { retainMs } = settings;
    if (keepMs > retainMs) return encodePlan({ task, ...settings, keepMs });
    let plan = this.#plans.get(settings);
    if (plan === undefined) {
      plan = encodePlan({ task, ...settings, keepMs: retainMs });
      this.#plans.set(settings, plan);
    }
    return plan;
  }
}

/** Is what messages have in common that are enqueued together. */
interface Order {
  /** The id that was chosen. */
  readonly id: string | undefined;
  readonly plan: string;
  readonly rest: Omit<PushMessage, "id" | "nonce" | "body">;
}

/** Checks options as an enqueue does; throws `TypeError` or `RangeError` for a bad one. */
export function checkOptions(options: EnqueueOptions): void {
  schedule(options);
  resolveSettings(options, DEFAULTS);
  if (options.id !== undefined) checkName(options.id, "message id");
}

/** Stores keep times in microseconds, which are exact up to here. */
const LATEST_MS = Date.UTC(2255, 0);

const KNOWN: Known<EnqueueOptions> = {
  delay: true,
  at: true,
  expiresIn: true,
  dedupe: true,
  id: true,
  backoff: true,
  timeout: true,
  queue: true,
  priority: true,
  retain: true,
  maxCrashes: true,
};

const OVERRIDES = ["backoff", "timeout", "queue", "priority", "retain", "maxCrashes"] as const;

// The task's own settings object is kept where nothing is overridden: its plan is written once.
function settingsOf(definition: TaskDefinition, options: EnqueueOptions): ResolvedSettings {
  checkKnown(options, KNOWN, `enqueue "${definition.name}"`);
  const overridden = OVERRIDES.some((name) => options[name] !== undefined);
  return overridden ? resolveSettings(options, definition.settings) : definition.settings;
}

type When = Pick<PushMessage, "delayMs" | "dueAtMs" | "expiresInMs" | "dedupe">;

function schedule({ delay, at, expiresIn, dedupe }: EnqueueOptions): When {
  if (delay !== undefined && at !== undefined) {
    throw new TypeError("Cannot use delay and at together: give one of them");
  }
  if (at !== undefined && !(at instanceof Date && Number.isFinite(at.getTime()))) {
    throw new TypeError(`Cannot use at ${String(at)}: expected a valid Date`);
  }
  if (at !== undefined && at.getTime() > LATEST_MS) {
    throw new RangeError(`Cannot use at ${at.toISOString()}: it must be before the year 2255`);
  }
  const delayMs = delay === undefined ? 0 : durationMs(delay, "delay");
  const expiresInMs = expiresIn === undefined ? 0 : durationMs(expiresIn, "expiresIn");
  if (expiresIn !== undefined && expiresInMs <= delayMs) {
    throw new RangeError(
      `Cannot use expiresIn ${expiresInMs} ms with a delay of ${delayMs} ms: ` +
        `the message would expire before it is due`,
    );
  }
  return {
    delayMs,
    expiresInMs,
    dueAtMs: at && Math.max(0, at.getTime()),
    dedupe: dedupe && checkDedupe(dedupe),
  };
}

function checkDedupe({ key, ttl }: { readonly key: string; readonly ttl: Duration }) {
  // Half a character is no UTF-8: stores would take different keys for the same.
  if (typeof key !== "string" || key === "" || key.length > 256 || !key.isWellFormed()) {
    throw new TypeError("Cannot use dedupe.key: expected text of 1 to 256 characters");
  }
  const ttlMs = durationMs(ttl, "dedupe.ttl");
  if (ttlMs === 0) throw new RangeError("Cannot use dedupe.ttl 0: it must be at least 1 ms");
  return { key, ttlMs };
}
