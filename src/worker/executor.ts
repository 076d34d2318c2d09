/**
 * The executor: takes one delivery through open → expire → poison → skip → resolve → admit → run →
 * judge.
 */

import { SUSPECT_CRASHES } from "../broker/broker.ts";
import { PayloadTooLargeError } from "../errors.ts";
import type { Events } from "../events.ts";
import { type Envelope, EnvelopeReader } from "../message/envelope.ts";
import { bytesOver } from "../message/json.ts";
import { encodeResult, encodeStopped } from "../message/result.ts";
import type { TaskDefinition } from "../task.ts";
import { runAttempt } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { PumpDeps } from "./deps.ts";
import { buryPoison, buryUnread, judge, readAttempts, type Scene } from "./failure.ts";
import type { Run } from "./run.ts";
import type { Solo } from "./solo.ts";
import type { Verdict } from "./verdict.ts";

/** Is what the executor is told about the moment of a claim. */
export interface Moment {
  /** The store's clock when the delivery was claimed. */
  readonly nowMs: number;
  /** How long the worker may go on, in milliseconds; Infinity for a long-running one. */
  readonly leftMs: number;
  /** Whether it is too late to start anything: what came is handed back. */
  readonly tooLate: boolean;
}

/** Is what the executor is told about its worker. */
export interface Post {
  /** The worker's name. */
  readonly name: string;
  /** The wait of a message of an unknown task, in milliseconds. */
  readonly unknownTaskDelayMs: number;
}

/** Is what is run, and since when. */
interface Work {
  readonly definition: TaskDefinition;
  readonly moment: Moment;
}

/** Runs deliveries; one per worker. Never throws: whatever happens becomes a verdict. */
export class Executor {
  readonly #tasks: ReadonlyMap<string, TaskDefinition>;
  readonly #post: Post;
  readonly #events: Events;
  readonly #clock: Clock;
  readonly #payloadLimit: number;
  readonly #solo: Solo;
  readonly #envelopes = new EnvelopeReader();

  /** Makes it for a worker and the tasks that it knows. */
  constructor(
    post: Post,
    { tasks, events, clock, payloadLimit, solo }: Omit<PumpDeps, "broker"> & {
      readonly solo: Solo;
    },
  ) {
    this.#tasks = tasks;
    this.#solo = solo;
    this.#post = post;
    this.#events = events;
    this.#clock = clock;
    this.#payloadLimit = payloadLimit;
  }

  /** Takes a delivery to its verdict. */
  execute(run: Run, moment: Moment): Verdict | Promise<Verdict> {
    const { delivery } = run;
    let envelope: Envelope;
    try {
      envelope = this.#envelopes.read(delivery.body);
    } catch (error) {
      return buryUnread(delivery, error, this.#scene(run, moment));
    }
    run.task = envelope.task;
    if (moment.tooLate) return { kind: "released" };
    return expire(run, envelope, moment) ?? this.#poison(run, envelope, moment) ??
      skip(envelope, moment) ?? this.#resolve(run, envelope, moment);
  }

  #poison(run: Run, { maxCrashes }: Envelope, moment: Moment): Verdict | undefined {
    if (run.delivery.crashes < maxCrashes) return undefined;
    return buryPoison(run.delivery, maxCrashes, this.#scene(run, moment));
  }

  #resolve(run: Run, envelope: Envelope, moment: Moment): Verdict | Promise<Verdict> {
    const definition = this.#tasks.get(envelope.task);
    // Another release may know it: it stays in its queue, and costs no attempt.
    if (definition?.run === undefined) {
      return { kind: "unknownTask", delayMs: this.#post.unknownTaskDelayMs };
    }
    if (run.delivery.crashes < SUSPECT_CRASHES) {
      return this.#run(run, envelope, { definition, moment });
    }
    const admission = this.#solo.admit(run);
    if (admission === undefined) return { kind: "released" };
    return this.#runAlone(run, envelope, { definition, moment, admission })
      .finally(() => this.#solo.leave(run));
  }

  async #runAlone(
    run: Run,
    envelope: Envelope,
    { definition, moment, admission }: Work & { readonly admission: Promise<void> },
  ): Promise<Verdict> {
    const askedAt = run.attemptedAt;
    try {
      await admission;
    } catch (thrown) {
      return this.#judge(run, envelope, { moment, thrown });
    }
    run.attemptedAt = this.#clock.now();
    // It waited for its company: what fitted the time that was left may fit it no more.
    const leftMs = moment.leftMs - (run.attemptedAt - askedAt);
    const skipped = skip(envelope, { ...moment, leftMs });
    if (skipped) return skipped;
    return await this.#run(run, envelope, { definition, moment });
  }

  #run(run: Run, envelope: Envelope, { definition, moment }: Work): Promise<Verdict> {
    return runAttempt(run, {
      envelope,
      definition,
      clock: this.#clock,
      onStart: () => this.#begin(run, moment),
      succeeded: (text) => this.#succeed(run, envelope, { moment, text }),
      failed: (thrown) => this.#judge(run, envelope, { moment, thrown }),
    });
  }

  #succeed(
    run: Run,
    envelope: Envelope,
    { moment, text }: { readonly moment: Moment; readonly text: string | undefined },
  ): Verdict {
    const { task, retainMs, keepMs } = envelope;
    try {
      if (retainMs === 0) {
        return { kind: "succeeded", retainMs: keepMs, result: encodeResult(task, undefined, []) };
      }
      const { attempts } = readAttempts(run.delivery, moment.nowMs);
      const result = encodeResult(task, this.#bound(task, text), attempts);
      return { kind: "succeeded", retainMs: keepMs, result };
    } catch (thrown) {
      return this.#judge(run, envelope, { moment, thrown });
    }
  }

  #judge(
    run: Run,
    envelope: Envelope,
    { moment, thrown }: { readonly moment: Moment; readonly thrown: unknown },
  ): Verdict {
    const { begun, delivery } = run;
    const plan = envelope.backoff;
    const random = this.#clock.random();
    return judge(delivery, thrown, { plan, random, begun, scene: this.#scene(run, moment) });
  }

  // A store that refused the outcome for its size would refuse this worker's every settlement.
  #bound(task: string, text: string | undefined): string | undefined {
    const bytes = text === undefined ? undefined : bytesOver(text, this.#payloadLimit);
    if (bytes === undefined) return text;
    throw new PayloadTooLargeError(task, bytes, this.#payloadLimit, "output");
  }

  #begin(run: Run, { nowMs }: Moment): void {
    run.begun = true;
    const { delivery, task } = run;
    if (!this.#events.has("started")) return;
    const { id, queue, fence, failures, enqueuedAtMs } = delivery;
    const event = { id, task, queue, attempt: failures + 1, fence, worker: this.#post.name };
    this.#events.emit("started", { ...event, waitedMs: nowMs - enqueuedAtMs });
  }

  #scene(run: Run, { nowMs }: Moment): Scene {
    const elapsedMs = this.#clock.now() - run.claimedAt;
    return { worker: this.#post.name, nowMs: nowMs + elapsedMs, claimedAtMs: nowMs };
  }
}

function expire(run: Run, envelope: Envelope, { nowMs }: Moment): Verdict | undefined {
  const { expiresAtMs, failures, crashes } = run.delivery;
  const waitedMs = run.attemptedAt - run.claimedAt;
  // Once it has been tried, it has been picked up in time.
  if (expiresAtMs === 0 || expiresAtMs > nowMs + waitedMs || failures > 0 || crashes > 0) {
    return undefined;
  }
  const error = { name: "ExpiredError", message: "It was not picked up in time" };
  const result = encodeStopped(envelope.task, error);
  return { kind: "expired", retainMs: envelope.retainMs, result };
}

// It is offered again when this drain is over, to a worker that has the time.
function skip({ timeoutMs }: Envelope, { leftMs }: Moment): Verdict | undefined {
  if (timeoutMs <= leftMs) return undefined;
  return { kind: "skipped", delayMs: Math.max(0, Math.ceil(leftMs)), timeoutMs };
}
