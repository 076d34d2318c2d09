/** Counters: what this process has enqueued and run since it began, from the events of a `Dabba`. */

import { partsOf, type Producer } from "../producer/producer.ts";
import type { Family, Sample } from "./exposition.ts";

/** What can become of a delivery, each an event. */
const OUTCOMES = [
  ...["succeeded", "retried", "dead", "deferred", "released", "expired", "leaseLost"] as const,
  ...["unknownTask", "skipped"] as const,
];

/** A sample that counts up. */
type Count = Sample & { value: number };

/** Listens and counts; one per `dabbaRoutes()`. It is called for every message, so it makes little. */
export class Counters {
  readonly #known: ReadonlySet<string>;
  readonly #enqueued = new Tallies();
  readonly #deliveries = new Tallies();
  readonly #seconds = new Tallies("_sum");
  readonly #runs = new Tallies("_count");

  /** Begins to listen. */
  constructor(dabba: Producer) {
    this.#known = new Set(dabba.taskNames);
    dabba.on("enqueued", ({ task, disposition }) => {
      this.#enqueued.of(this.#named(task), "disposition", disposition).value++;
    });
    // A listener would keep from the console what no person hears of.
    const { count = () => {} } = partsOf(dabba);
    for (const outcome of OUTCOMES) {
      count(outcome, ({ task }) => {
        this.#deliveries.of(this.#named(task), "outcome", outcome).value++;
      });
    }
    for (const outcome of ["succeeded", "retried"] as const) {
      count(outcome, ({ task, durationMs }) => {
        const name = this.#named(task);
        this.#seconds.of(name).value += durationMs / 1_000;
        this.#runs.of(name).value++;
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
        samples: this.#enqueued.samples,
      },
      {
        name: "dabba_process_deliveries_total",
        type: "counter",
        help: "Deliveries to workers of this process, by what became of them.",
        samples: this.#deliveries.samples,
      },
      {
        name: "dabba_process_attempt_seconds",
        type: "summary",
        help: "Time that attempts ran which succeeded or will be repeated.",
        samples: [...this.#seconds.samples, ...this.#runs.samples],
      },
    ];
  }

  // A store may hold any name: each new label would cost memory here, and a series there.
  #named(task: string): string {
    return this.#known.has(task) ? task : "";
  }
}

/** The counts of one metric, by task and by one more label. */
class Tallies {
  readonly #counts = new Map<string, Count>();
  readonly #suffix: string;

  constructor(suffix: string = "") {
    this.#suffix = suffix;
  }

  get samples(): Sample[] {
    return [...this.#counts.values()];
  }

  of(task: string, label: string = "", value: string = ""): Count {
    const key = value === "" ? task : `${task} ${value}`;
    const known = this.#counts.get(key);
    if (known) return known;
    const labels = label === "" ? { task } : { task, [label]: value };
    const count: Count = { labels, value: 0, suffix: this.#suffix };
    this.#counts.set(key, count);
    return count;
  }
}
