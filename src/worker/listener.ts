/** The listener: keeps a worker subscribed to calls, for as long as it runs. */

import type { Broker } from "../broker/broker.ts";
import type { Events } from "../events.ts";
import type { Clock } from "./clock.ts";
import type { Lookout } from "./lookout.ts";
import type { WorkerSettings } from "./options.ts";

/** A subscription that lasted for so long was a good one. */
const GOOD_MS = 60_000;
const BACKOFF_MS = { first: 1_000, most: 300_000 };

/** Is what a listener works with. */
export interface ListenerDeps {
  /** The store's subscription. */
  readonly wake: NonNullable<Broker["wake"]>;
  /** Who is told. */
  readonly events: Events;
  /** The time. */
  readonly clock: Clock;
  /** Who is to look when a call comes, and how often when none can. */
  readonly lookout: Lookout;
  /** Is called when loops that sleep may have something to do. */
  ring(): void;
}

/** Subscribes again and again, ever more seldom while that fails; a worker without it polls. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #worker: { readonly name: string; readonly queues: readonly string[] };
  #failures = 0;
  #told = false;
  #renewal: AbortController | undefined;

  /** Makes it for a worker. */
  constructor(
    worker: { readonly name: string; readonly queues: readonly string[] },
    deps: ListenerDeps,
  ) {
    this.#worker = worker;
    this.#deps = deps;
  }

  /** Listens until `signal` aborts. Never throws: what it cannot hear is looked for. */
  async go(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { lookout, clock, ring } = this.#deps;
      const begunAt = clock.now();
      const error = await this.#listen(signal);
      if (clock.now() - begunAt >= GOOD_MS) this.#failures = 0;
      lookout.listen(false);
      ring();
      if (signal.aborted) return;
      this.#tell(error);
      await this.#pause(signal);
    }
  }

  /** Subscribes anew: work has come without a call, so that this subscription may be dead. */
  renew(): void {
    this.#renewal?.abort();
  }

  // Gives what ended the subscription; undefined where it ended by itself.
  async #listen(signal: AbortSignal): Promise<Error | undefined> {
    const { wake, events, lookout, ring } = this.#deps;
    const { name: worker, queues } = this.#worker;
    this.#renewal = new AbortController();
    let over = false;
    try {
      await wake({
        ...{ queues, id: lookout.id, signal: AbortSignal.any([signal, this.#renewal.signal]) },
        onLive: () => {
          if (over || signal.aborted) return;
          lookout.listen(true);
          this.#told = false;
          events.emit("listening", { worker });
          ring();
        },
        onCall: (call) => {
          lookout.called(call);
          ring();
        },
      });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      over = true;
    }
  }

  // A connection that has come to its end is made anew: of that there is nothing to tell.
  #tell(error: Error | undefined): void {
    if (error === undefined || this.#told) return;
    this.#told = true;
    this.#deps.events.emit("deaf", { worker: this.#worker.name, error });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    await new Promise<void>((resolve) => {
      const rise = () => {
        cancel();
        signal.removeEventListener("abort", rise);
        resolve();
      };
      const cancel = clock.timer(most * (0.5 + clock.random() / 2), rise);
      signal.addEventListener("abort", rise, { once: true });
    });
  }
}

/** Makes the listener of a worker; undefined where it wants none, or its store calls nobody. */
export function listenerOf(
  worker: Pick<WorkerSettings, "name" | "queues" | "wake">,
  { broker, events, clock, lookout, ring }: Omit<ListenerDeps, "wake"> & {
    readonly broker: Broker;
  },
): Listener | undefined {
  if (!worker.wake || broker.wake === undefined) return undefined;
  const wake = broker.wake.bind(broker);
  const listener = new Listener(worker, { wake, events, clock, lookout, ring });
  lookout.onMissed = () => listener.renew();
  return listener;
}
