import { assertEquals } from "@std/assert";
import { atLeast, atMost, figure, type Metric, unmeasured } from "./metric.ts";
import { metric as micro } from "./metrics/micro.ts";
import { METRICS } from "./metrics.ts";
import { table } from "./report.ts";
import { inTurn, median, quantile, ratio } from "./turns.ts";

Deno.test("METRICS lists every module of its folder, by the name that the metric has", async () => {
  const folder = new URL("metrics/", import.meta.url);
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  assertEquals(METRICS.map((name) => `${name}.ts`).toSorted(), files.toSorted());
  for (const file of files) {
    const { metric }: { metric: Metric } = await import(new URL(file, folder).href);
    assertEquals(`${metric.name}.ts`, file);
  }
});

Deno.test("figure() judges what it prints", () => {
  assertEquals(figure("a", [4.9961, "×"], atLeast(5)).met, true);
  assertEquals(figure("a", [4.9941, "×"], atLeast(5)).met, false);
  assertEquals(figure("a", [0.3004, "commands"], atMost(0.3)).met, true);
  assertEquals(figure("a", [NaN, "×"], atMost(1)).met, false);
  assertEquals(figure("a", [1, "×"]).met, null);
});

Deno.test("unmeasured() misses the goal that it had", () => {
  assertEquals(unmeasured("a", "it is missing", atLeast(5)), {
    ...{ metric: "a", value: "it is missing", unit: "" },
    ...{ goal: "≥ 5", met: false },
  });
  assertEquals(unmeasured("a", "it is missing").met, null);
});

Deno.test("inTurn() has each side begin as often, and ratio() compares rounds", async () => {
  const begun: string[] = [];
  const sideOf = (name: string, values: number[]) => ({
    name,
    measure: () => {
      begun.push(name);
      return Promise.resolve(values.shift()!);
    },
  });
  const sides = [sideOf("a", [10, 40, 60]), sideOf("b", [5, 10, 20])];
  const figures = await inTurn(sides, { rounds: 3, say() {} });
  assertEquals(begun.join(""), "abbaab");
  assertEquals(ratio(figures, ["a", "b"]), 3);
});

Deno.test("the micro-benchmarks take the replies that the scripts give", async () => {
  const rows = await micro.run({ short: true, say() {} });
  assertEquals(rows.length, 5);
  for (const { metric, value } of rows) assertEquals(Number.isFinite(value), true, metric);
});

Deno.test("median() and quantile() of few and of no values", () => {
  assertEquals([median([3, 1, 2]), median([4, 1]), quantile([1, 2, 3], 0.99)], [2, 2.5, 3]);
  assertEquals([median([]), quantile([], 0.5)], [NaN, NaN]);
});

Deno.test("table() says figures, texts and goals", () => {
  const rows = [figure("a|b", [1234.5, "bytes"], atMost(1)), unmeasured("c", "it is missing")];
  assertEquals(table(rows).split("\n").slice(2), [
    "| a\\|b | 1,235 bytes | ≤ 1 | **no** |",
    "| c | it is missing |  |  |",
  ]);
});
