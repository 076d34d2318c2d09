import { assert, assertStrictEquals, assertThrows } from "@std/assert";
import { durationMs, MAX_DURATION_MS } from "@dabba/queue";

const read: (readonly [number | string, number])[] = [
  ...[[0, 0], [1, 1], [1.4, 1], [1.5, 2], [MAX_DURATION_MS, MAX_DURATION_MS]] as const,
  ...[["0ms", 0], ["250ms", 250], ["90s", 90_000], ["5m", 300_000], ["2h", 7_200_000]] as const,
  ...[["1d", 86_400_000], ["1w", 604_800_000], ["1h30m", 5_400_000], ["1.5s", 1_500]] as const,
  ...[["1m30s250ms", 90_250], ["0.0001s", 0], ["520w", 520 * 604_800_000]] as const,
];

for (const [value, ms] of read) {
  Deno.test(`durationMs() reads ${Deno.inspect(value)} as ${ms} ms`, () => {
    assertStrictEquals(durationMs(value), ms);
  });
}

Deno.test("durationMs() gives no minus zero", () => {
  assertStrictEquals(durationMs(-0), 0);
});

const unreadable: unknown[] = [
  ...["", " ", "5", "m", "5 m", " 5m", "5m ", "5M", "5min", "1e3s", "-5m", "+5m", "5m-1s", ".5s"],
  ...["5.s", "1,5s", "\u0665m", "5m\n", "1h 30m", "Infinity", "NaN", "0x10s", "P1D", "5y"],
  ...[null, undefined, true, 5n, {}, [], Symbol("5m"), new Date(0), () => 5],
];

for (const value of unreadable) {
  Deno.test(`durationMs() cannot read ${Deno.inspect(value)}`, () => {
    const error = assertThrows(() => durationMs(value as never, "delay"), TypeError);
    assert(error.message.includes("delay"), "it names what is wrong");
  });
}

for (
  const value of [
    -1,
    -0.6,
    NaN,
    Infinity,
    -Infinity,
    1e300,
    MAX_DURATION_MS + 1,
    "522w",
    "9".repeat(400) + "d",
  ]
) {
  Deno.test(`durationMs() refuses ${String(value).slice(0, 20)}`, () => {
    const error = assertThrows(() => durationMs(value, "timeout"), RangeError);
    assert(error.message.includes("timeout") && error.message.length < 200);
  });
}

Deno.test("durationMs() reads or refuses a million characters at once", () => {
  for (
    const text of ["1".repeat(1e6), "1m".repeat(5e5) + "x", "1.".repeat(5e5), "1ms".repeat(3e5)]
  ) {
    const begunAt = performance.now();
    try {
      durationMs(text);
    } catch (error) {
      assert((error as Error).message.length < 200);
    }
    assert(performance.now() - begunAt < 1_000);
  }
});
