/** The mender: repairs the store after a restart of it that this worker has noticed. */

import type { Broker, Finding } from "../broker/broker.ts";
import type { Events } from "../events.ts";
import { isOutage } from "./channel.ts";
import type { Clock } from "./clock.ts";

/** How long it rests between two pages: a million messages take some five minutes. */
const REST_MS = 20;
/** Uptimes come in whole seconds, and their question takes time itself. */
const MARGIN_MS = 2_000;

/** Is what a mender works with. */
export interface MenderDeps {
  /** The store. */
  readonly broker: Broker;
  /** Who is told. */
  readonly events: Events;
  /** The time. */
  readonly clock: Clock;
}

/**
 * Asks after an outage whether the store was restarted, and if so looks through all of it, page by page.
 * A log that was cut off in the middle of a script can come back half applied. It costs nothing until
 * there has been an outage.
 */
export class Mender {
  readonly #deps: MenderDeps;
  readonly #worker: string;
  /** When the store was last known to be up, before the restart that is to be looked into. */
  #since = Infinity;
  #working: Promise<void> | undefined;
  #stopped = false;
  #rise = () => {};

  /** Makes it for one worker. */
  constructor(deps: MenderDeps, worker: string) {
    this.#deps = deps;
    this.#worker = worker;
  }

  /** Takes down that the store answers again; before, it answered last at `since`. */
  recovered(since: number): void {
    if (this.#deps.broker.uptimeMs === undefined || this.#stopped) return;
    this.#since = Math.min(this.#since, since);
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  /** Ends it: no page is begun any more, and the one under way is not waited for. */
  stop(): void {
    this.#stopped = true;
    this.#rise();
  }

  async #work(): Promise<void> {
    while (this.#since < Infinity && !this.#stopped) {
      const since = this.#since;
      this.#since = Infinity;
      try {
        if (await this.#restarted(since)) await this.#mend();
      } catch (error) {
        // Away again: when it is back, the restart is to be looked into still.
        if (isOutage(error)) {
          this.#since = Math.min(this.#since, since);
          return;
        }
        // The work goes on without repairs: the user may not be allowed to look through the store.
        if (!this.#stopped) this.#alarm(error);
      }
    }
  }

  async #restarted(since: number): Promise<boolean> {
    const { broker, clock } = this.#deps;
    const uptimeMs = await broker.uptimeMs?.();
    return uptimeMs !== undefined && uptimeMs <= clock.now() - since + MARGIN_MS;
  }

  async #mend(): Promise<void> {
    const { broker, events } = this.#deps;
    const findings: Pick<Finding, "id" | "problem">[] = [];
    let checked = 0;
    let after: string | undefined;
    do {
      const page = await broker.check({ repair: true, ...(after === undefined ? {} : { after }) });
      // Without their details, which quote what cannot be read: events never hold a payload.
      findings.push(...page.findings.map(({ id, problem }) => ({ id, problem })));
      checked += page.checked;
      after = page.next;
      if (after !== undefined) await this.#rest();
    } while (after !== undefined && !this.#stopped);
    if (findings.length > 0) events.emit("repaired", { worker: this.#worker, checked, findings });
  }

  #rest(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.timer(REST_MS, resolve);
      this.#rise = () => {
        cancel();
        resolve();
      };
    });
  }

  #alarm(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#deps.events.emit("alarm", { worker: this.#worker, error });
  }
}
