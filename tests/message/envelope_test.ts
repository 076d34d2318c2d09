import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeEnvelope,
  encodeEnvelope,
  encodePlan,
  EnvelopeReader,
  type Plan,
} from "../../src/message/envelope.ts";
import { encodeJson } from "../../src/message/json.ts";
import { decodeResult, encodeResult, encodeStopped } from "../../src/message/result.ts";

const PLAN: Plan = {
  task: "email.welcome",
  backoff: [60_000, 300_000],
  timeoutMs: 30_000,
  retainMs: 3_600_000,
  keepMs: 3_600_000,
  maxCrashes: 5,
};

const inputs: unknown[] = [null, 0, "", "a\nb", "\u2028", { a: "{\n}" }, [], { "\n": "\n" }, -0];

for (const input of inputs) {
  Deno.test(`decodeEnvelope() gives back the input ${Deno.inspect(input)}, text for text`, () => {
    const text = encodeJson(input);
    assertEquals(decodeEnvelope(encodeEnvelope(encodePlan(PLAN), text)), { ...PLAN, input: text });
  });
}

const plans: Partial<Plan>[] = [
  { timeoutMs: 0 },
  { backoff: [] },
  { backoff: { k: "e", d: 1_000, f: 2, c: 86_400_000, n: 4, j: 1 } },
  { backoff: { k: "l", d: 0, c: 0, n: 0, j: 0 } },
  { retainMs: 0, keepMs: 0 },
  { keepMs: 86_400_000 },
  { maxCrashes: 1_000 },
];

for (const fields of plans) {
  Deno.test(`decodeEnvelope() gives back a plan with ${Deno.inspect(fields)}`, () => {
    const plan = { ...PLAN, ...fields };
    assertEquals(decodeEnvelope(encodeEnvelope(encodePlan(plan), "1")), { ...plan, input: "1" });
  });
}

for (const body of ["", "\n", "x", "7\n7", "[]\n1", '{"v":1}\n1', encodePlan(PLAN)]) {
  Deno.test(`decodeEnvelope() refuses ${Deno.inspect(body.slice(0, 20))}`, () => {
    assertThrows(() => decodeEnvelope(body), Error);
  });
}

Deno.test("decodeResult() gives back what was kept of an outcome", () => {
  const history = [
    { attempt: 1, at: "t", kind: "failed", name: "E", message: "no", worker: "w" } as const,
  ];
  assertEquals(decodeResult(encodeResult("t", '{"a":-0}', history)), {
    task: "t",
    output: { a: -0 },
    history,
  });
  assertEquals(decodeResult(encodeResult("t", undefined, [])), { task: "t" });
  const error = { name: "E", message: "no" };
  assertEquals(decodeResult(encodeStopped("t", error)), { task: "t", error });
});

for (const text of ["", "{", "7", "null", '"text"', "[]", "true"]) {
  Deno.test(`decodeResult() takes ${text || "nothing"} for no result`, () => {
    assertEquals(decodeResult(text), undefined);
  });
}

Deno.test("EnvelopeReader.read() opens envelopes in any order as decodeEnvelope() does", () => {
  const reader = new EnvelopeReader();
  const other = encodePlan({ ...PLAN, task: "other", backoff: [] });
  const bodies = [[PLAN, "1"], [PLAN, "2"], [PLAN, "\n"]].map(([plan, input]) =>
    encodeEnvelope(encodePlan(plan as Plan), input as string)
  ).flatMap((body) => [body, encodeEnvelope(other, body)]);
  const damaged = ["", "\n", "{", "{}\n", encodePlan(PLAN)];
  for (const body of [...bodies, ...bodies.toReversed()]) {
    assertEquals(reader.read(body), decodeEnvelope(body));
    for (const one of damaged) assertThrows(() => reader.read(one), Error);
  }
});
