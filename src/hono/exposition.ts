/** Prometheus' text format: families of samples, written line by line. */

/** Is one value, with what tells it from its siblings. */
export interface Sample {
  /** The labels. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value. */
  readonly value: number;
  /** What follows the family's name, such as `_sum`. */
  readonly suffix?: string;
}

/** Is a metric with all of its samples. */
export interface Family {
  /** The metric's name. */
  readonly name: string;
  /** Whether it goes up and down, only up, or adds up durations. */
  readonly type: "gauge" | "counter" | "summary";
  /** What it tells. */
  readonly help: string;
  /** The samples. */
  readonly samples: readonly Sample[];
}

/** The media type of the format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes families; those without samples are left out. */
export function expose(families: readonly Family[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(write).join("");
}

function write({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels = {}, value, suffix = "" }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
    return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escape(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
