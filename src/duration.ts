/** Durations: milliseconds, or text such as `"90s"`, `"5m"`, `"1h30m"`. */

/** Is a length of time: milliseconds, or text with the units ms, s, m, h, d, w. */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The longest duration: ten years. Longer ones are mistakes of unit. */
export const MAX_DURATION_MS: number = 10 * 365 * 86_400_000;

const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

/**
 * Reads a duration as whole milliseconds.
 *
 * ```ts
 * import { durationMs } from "@dabba/queue";
 * durationMs("1h30m"); // 5_400_000
 * ```
 *
 * @throws {TypeError} when the text is not a duration.
 * @throws {RangeError} when it is negative, not finite, or over ten years.
 */
export function durationMs(value: Duration, name: string = "duration"): number {
  const ms = typeof value === "number" ? value : parseText(value, name);
  if (!Number.isFinite(ms) || ms < 0 || ms > MAX_DURATION_MS) {
    throw new RangeError(
      `Cannot use ${name} ${
        show(value)
      }: it must be between 0 ms and ten years (${MAX_DURATION_MS} ms)`,
    );
  }
  // Never -0, which `Math.round` keeps.
  return Math.round(ms) + 0;
}

/** Says whether a value that was read from a message is what `durationMs` gives. */
export function isWholeMs(value: unknown): boolean {
  return Number.isInteger(value) && value as number >= 0 && value as number <= MAX_DURATION_MS;
}

function parseText(value: unknown, name: string): number {
  if (typeof value !== "string" || !WHOLE.test(value)) {
    throw new TypeError(
      `Cannot read ${name} ${show(value)}: ` +
        `expected milliseconds as a number, or text such as "90s", "5m", "1h30m"`,
    );
  }
  let ms = 0;
  for (const [, amount, unit] of value.matchAll(PART)) ms += Number(amount) * UNITS[unit!]!;
  return ms;
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 40)}"` : String(value);
}
