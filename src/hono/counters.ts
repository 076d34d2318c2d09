/** Counters: what this process has enqueued and run since it began, from the events of a `Dabba`. */

import type { Producer } from "../producer/producer.ts";
import type { Family, Sample } from "./exposition.ts";

/** What can become of a delivery, each an event. */
const OUTCOMES = [
  ...["succeeded", "retried", "dead", "deferred", "released", "expired", "leaseLost"] as const,
  ...["unknownTask", "skipped"] as const,
];

/** Listens and counts; one per `dabbaRoutes()`. */
export class Counters {
  readonly #known: ReadonlySet<string>;
  readonly #enqueued = new Map<string, Sample>();
  readonly #deliveries = new Map<string, Sample>();
  readonly #seconds = new Map<string, Sample>();
  readonly #runs = new Map<string, Sample>();

  /** Begins to listen. */
  constructor(dabba: Producer) {
    this.#known = new Set(dabba.taskNames);
    dabba.on("enqueued", ({ task, disposition }) => {
      add(this.#enqueued, { labels: { task: this.#named(task), disposition }, value: 1 });
    });
    for (const outcome of OUTCOMES) {
      dabba.on(outcome, ({ task }) => {
        add(this.#deliveries, { labels: { task: this.#named(task), outcome }, value: 1 });
      });
    }
    for (const outcome of ["succeeded", "retried"] as const) {
      dabba.on(outcome, ({ task, durationMs }) => {
        const labels = { task: this.#named(task) };
        add(this.#seconds, { labels, value: durationMs / 1_000, suffix: "_sum" });
        add(this.#runs, { labels, value: 1, suffix: "_count" });
      });
    }
  }

  /** Gives what was counted. */
  families(): Family[] {
    return [
      {
        name: "dabba_process_enqueued_total",
        type: "counter",
        help: "Messages that this process has handed to the store.",
        samples: [...this.#enqueued.values()],
      },
      {
        name: "dabba_process_deliveries_total",
        type: "counter",
        help: "Deliveries to workers of this process, by what became of them.",
        samples: [...this.#deliveries.values()],
      },
      {
        name: "dabba_process_attempt_seconds",
        type: "summary",
        help: "Time from claim to outcome of attempts that succeeded or will be repeated.",
        samples: [...this.#seconds.values(), ...this.#runs.values()],
      },
    ];
  }

  // A store may hold any name: each new label would cost memory here, and a series there.
  #named(task: string): string {
    return this.#known.has(task) ? task : "";
  }
}

function add(into: Map<string, Sample>, sample: Sample): void {
  const key = Object.values(sample.labels ?? {}).join(" ");
  into.set(key, { ...sample, value: (into.get(key)?.value ?? 0) + sample.value });
}
