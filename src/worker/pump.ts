/** The pump: keeps exchanges in the air while there are messages, permits and time. */

import { type Budget, budgetOf } from "./budget.ts";
import { Channel, isOutage, OutageReport, type Patience } from "./channel.ts";
import type { PumpDeps } from "./deps.ts";
import { type Flight, loadFlight, restMs, type Standing, type Stores } from "./flight.ts";
import { Halt } from "./halt.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Listener, listenerOf } from "./listener.ts";
import type { Limits } from "./limits.ts";
import { Lookout } from "./lookout.ts";
import { Mender } from "./mender.ts";
import type { WorkerSettings } from "./options.ts";
import type { Run } from "./run.ts";
import { Settler } from "./settler.ts";
import { Solo } from "./solo.ts";
import { Starter } from "./starter.ts";
import { Stock } from "./stock.ts";
import { WorkerStopping } from "./stopping.ts";
import { Tally } from "./tally.ts";
import { Wake } from "./wake.ts";

/** Two: settles and renewals must not wait behind one slow request. */
const FLIGHTS = 2;

/** Moves messages from the store through the executor and back; one per run or drain. */
export class Pump {
  /** Counts what became of the messages. */
  readonly tally: Tally;
  readonly #deps: PumpDeps;
  readonly #settings: WorkerSettings;
  readonly #limits: Limits;
  readonly #stores: Stores;
  readonly #wake: Wake;
  readonly #starter: Starter;
  readonly #halt: Halt;
  readonly #budget: Budget | undefined;
  readonly #listener: Listener | undefined;
  #reserved = 0;
  #airborne = 0;
  #drained = false;
  #failure: { readonly error: unknown } | undefined;

  /** Makes a pump that has not begun. */
  constructor(deps: PumpDeps, settings: WorkerSettings, limits: Limits) {
    this.#deps = deps;
    this.#settings = settings;
    this.#limits = limits;
    this.#wake = new Wake(deps.clock);
    this.#halt = new Halt(deps.clock);
    const budget = limits.drain ? undefined : budgetOf(deps, settings);
    this.#budget = budget;
    this.#stores = {
      settler: new Settler(settings.lingerMs, limits.drain ? deps.clock.random() : 0),
      heartbeat: new Heartbeat(settings.leaseMs),
      lookout: new Lookout(settings.polling, { clock: deps.clock, drain: limits.drain, budget }),
      stock: new Stock(settings.concurrency, settings.prefetch),
      solo: new Solo(),
      allowance: limits.allowance,
    };
    this.tally = new Tally(deps.events, settings.name);
    this.#starter = new Starter(deps, settings, {
      ...{ stores: this.#stores, limits, halt: this.#halt },
      ring: () => this.#wake.ring(),
      ended: () => void (this.#drained = false),
    });
    const ring = () => this.#wake.ring();
    this.#listener = limits.drain
      ? undefined
      : listenerOf(settings, { ...deps, ...this.#stores, ring });
  }

  /** Pumps until it is stopped or nothing is left to do; throws what cannot be mended. */
  async go(): Promise<void> {
    const { events, clock, broker } = this.#deps;
    const { allowance } = this.#limits;
    const report = new OutageReport(events, this.#settings.name, clock);
    const mender = new Mender(this.#deps, this.#settings.name);
    // A drain is too short for it.
    if (!this.#limits.drain) report.onBack = (since) => mender.recovered(since);
    const metered = this.#budget?.meter(broker) ?? broker;
    const channel = () => new Channel(metered, this.#settings, { report, clock, allowance });
    const listening = this.#listener?.go(this.#halt.signal);
    await Promise.all(Array.from({ length: FLIGHTS }, () => this.#loop(channel())));
    mender.stop();
    await listening;
    this.#halt.over();
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Takes nothing more, and ends within `graceMs`: handlers have three quarters of it, then they are
   * aborted with what `reason` gives and their messages settled.
   */
  stop(graceMs: number, reason: (run: Run) => Error = () => new WorkerStopping()): void {
    this.#halt.call(graceMs, () => {
      for (const run of this.#stores.heartbeat.runs()) run.abort(reason(run));
    });
    this.#wake.ring();
  }

  /** Looks for messages at once: somebody in this process has just enqueued one. */
  nudge(): void {
    this.#drained = false;
    this.#stores.lookout.nudge();
    this.#wake.ring();
  }

  async #loop(channel: Channel): Promise<void> {
    const patience: Patience = {
      until: () => Math.min(this.#halt.until, this.#limits.giveUpAt),
      stopping: this.#halt.signal,
    };
    while (!this.#over()) {
      try {
        await this.#step(channel, patience);
      } catch (error) {
        // An outage at the stop has been told: what it keeps here comes back when its lease ends.
        const told = isOutage(error) && this.#halt.called && !this.#limits.drain;
        // No repetition mends it: take nothing more, finish what runs, then throw it.
        if (!told) this.#failure ??= { error };
        this.stop(this.#settings.graceMs);
      }
      // Handlers that were woken together end together, and get on board together. And a store in
      // this process answers within one task: timers and signals would wait for the last message.
      await this.#deps.clock.turn();
    }
    this.#wake.ring();
  }

  #over(): boolean {
    const ending = this.#halt.called ||
      (this.#limits.drain && (this.#drained || this.#limits.allowance.left(this.tally.kept) === 0));
    return ending && this.#stores.heartbeat.size === 0 && this.#stores.settler.size === 0 &&
      this.#reserved === 0;
  }

  async #step(channel: Channel, patience: Patience): Promise<void> {
    this.#starter.review();
    const standing = this.#standing();
    const flight = loadFlight(standing, this.#stores);
    if (flight === undefined) return await this.#wake.sleep(restMs(standing, this.#stores));
    this.#reserved += flight.asked;
    this.#airborne++;
    try {
      if (await this.#worthwhile(flight, channel, patience)) {
        await this.#fly(flight, channel, patience);
      }
    } finally {
      this.#reserved -= flight.asked;
      this.#airborne--;
      this.#wake.ring();
    }
  }

  #standing(): Standing {
    const { order } = this.#settings;
    const { heartbeat, solo, allowance, lookout, stock: { room } } = this.#stores;
    const now = this.#deps.clock.now();
    const stopping = this.#halt.called;
    // One look at a time: a second one would find what the first one leaves. But of a backlog, half is
    // fetched while the other half runs, where requests are not counted. And no look for company while
    // a suspect is here.
    const halves = this.#deps.broker.overlaps === true && !allowance.counted &&
      lookout.backlog && solo.room >= room;
    const closed = stopping || this.#drained || solo.taken || now >= this.#limits.deadline ||
      this.#reserved > 0 && !halves;
    const left = allowance.left(this.tally.kept) - this.#reserved;
    const inHand = heartbeat.size + this.#reserved;
    const most = halves ? Math.ceil(room / 2) : room;
    // What has come in and started is reserved for a moment still.
    const free = closed ? 0 : Math.max(0, Math.min(room - inHand, left, solo.room, most));
    const begins = Math.max(0, Math.min(free, this.#settings.concurrency - inHand));
    const drawn = () => order(() => this.#deps.clock.random());
    return { now, free, begins, airborne: this.#airborne, stopping, order: drawn };
  }

  // An idle worker asks in the cheapest way whether a full look is worth it.
  async #worthwhile(flight: Flight, channel: Channel, patience: Patience): Promise<boolean> {
    const { ended, renewed, load } = flight;
    if (ended.length > 0 || renewed.length > 0 || load.sweep || !this.#stores.lookout.mayProbe) {
      return true;
    }
    const due = await channel.probe(this.#settings.queues, patience);
    const worthwhile = this.#stores.lookout.probed(due);
    this.#drained ||= this.#limits.drain && !worthwhile && !this.#stores.lookout.nudged;
    return worthwhile && !this.#halt.called;
  }

  async #fly(flight: Flight, channel: Channel, patience: Patience): Promise<void> {
    const sentAt = this.#deps.clock.now();
    const reply = await this.#exchange(flight, channel, patience);
    this.tally.answered(flight.ended, reply);
    for (const run of this.#stores.heartbeat.answer(flight.renewed, reply.extended)) {
      this.tally.lost(run);
    }
    if (flight.renewed.some((run) => run.begins && !run.lost)) this.#stores.solo.enter();
    if (flight.asked === 0) return;
    this.#stores.lookout.looked(reply, flight.asked);
    const empty = reply.claimed.length === 0 && !this.#stores.lookout.nudged;
    this.#drained = this.#limits.drain && empty;
    this.tally.claimed(reply.claimed.length);
    this.#stores.solo.looked(reply.claimed);
    const full = reply.claimed.length === flight.asked;
    this.#stores.stock.looked(this.#deps.clock.now(), { full, left: reply.left });
    this.#starter.take(reply, sentAt);
  }

  // What was refused for its company's sake may pass alone: it has one try more.
  async #exchange({ load, ended, asked }: Flight, channel: Channel, patience: Patience) {
    const sleeper = asked > 0 ? this.#stores.lookout.sign() : undefined;
    try {
      return await channel.exchange({ ...load, sleeper }, patience);
    } catch (error) {
      if (!isOutage(error) && !this.#failure) this.#stores.settler.putBack(ended);
      throw error;
    }
  }
}
