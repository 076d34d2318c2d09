/** Drives two brokers with the same random commands and compares all that can be seen of them. */

import { assert, assertEquals } from "@std/assert";
import type { ExchangeReply } from "../../../src/broker/broker.ts";
import { type Command, Side, type Snapshot } from "./commands.ts";
import { Generator } from "./generator.ts";
import type { OpenHarness } from "./harness.ts";
import { Random } from "./random.ts";

/** Says how much to try: each seed is a run of its own, on empty stores. */
export interface DifferentialOptions {
  readonly seeds: readonly number[];
  readonly steps: number;
}

/** What the commands must meet over all seeds, else they test less than they seem to. */
const WANTED: readonly string[] = [
  ...["push enqueued", "push duplicate"],
  ...["settle ok", "settle lease_lost", "extend ok", "extend lease_lost"],
  ...["claim some", "claim none", "claim after a crash"],
  ...["cancel cancelled", "cancel final", "cancel not_found"],
  ...["redrive redriven", "redrive not_dead", "discard discarded", "discard not_dead"],
  ...["scheduled", "ready", "leased", "succeeded", "dead", "cancelled", "expired"],
];

/** Registers a test that two brokers answer random commands alike. */
export function differential(
  nameA: string,
  openA: OpenHarness,
  nameB: string,
  openB: OpenHarness,
  { seeds, steps }: DifferentialOptions,
): void {
  const what = `${seeds.length} × ${steps} random commands`;
  Deno.test(`differential: ${nameA} and ${nameB} answer ${what} alike`, async () => {
    const met = new Set<string>();
    for (const seed of seeds) await runSeed(seed, steps, [openA, openB], met);
    assertEquals(WANTED.filter((reply) => !met.has(reply)), [], "never met");
  });
}

async function runSeed(
  seed: number,
  steps: number,
  [openA, openB]: readonly [OpenHarness, OpenHarness],
  met: Set<string>,
): Promise<void> {
  const a = await openA();
  try {
    const b = await openB();
    try {
      await compare(seed, steps, [new Side(a), new Side(b)], met);
      assertEquals([await a.leftovers(), await b.leftovers()], [[], []], `seed ${seed}: left`);
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

async function compare(
  seed: number,
  steps: number,
  [a, b]: readonly [Side, Side],
  met: Set<string>,
): Promise<void> {
  const random = new Random(seed);
  const generator = new Generator(random);
  for (let step = 1; step <= steps; step++) {
    const command = generator.next(a.nowMs);
    const at = `seed ${seed}, step ${step}, ${JSON.stringify(command)}`;
    const reply = await a.run(command);
    assertEquals(exact(await b.run(command)), exact(reply), at);
    const seen = await a.look(generator.ids);
    assertEquals(await b.look(generator.ids), seen, `after ${at}`);
    generator.hear(command, reply);
    note(met, command, reply, seen);
    const queues = generator.queues();
    for (const side of [a, b]) assertBound(await side.probe(queues), queues, seen, `probe ${at}`);
    if (command.kind === "exchange" && command.request.claim !== undefined) {
      const bound = (reply as ExchangeReply).nextDueAtMs;
      assertBound(bound, command.request.claim.queues, seen, `reply to ${at}`);
    }
  }
}

/** The next due time is a bound, so two brokers may differ in it. */
function exact(reply: unknown): unknown {
  if (typeof reply !== "object" || reply === null || !("nextDueAtMs" in reply)) return reply;
  return { ...reply, nextDueAtMs: reply.nextDueAtMs !== undefined };
}

/** Fails when a bound is later than the earliest message of the queues, or there where none is. */
function assertBound(
  bound: number | undefined,
  queues: readonly string[],
  seen: Snapshot,
  at: string,
): void {
  const waiting = seen.records.flatMap((record) =>
    record !== undefined && record.finishedAtMs === 0 && queues.includes(record.queue)
      ? [record.dueAtMs]
      : []
  );
  if (waiting.length === 0) return assertEquals(bound, undefined, at);
  const earliest = Math.min(...waiting);
  assert(bound !== undefined && bound <= earliest, `${at}: ${bound} is later than ${earliest}`);
}

function note(met: Set<string>, command: Command, reply: unknown, seen: Snapshot): void {
  for (const record of seen.records) if (record !== undefined) met.add(record.state);
  switch (command.kind) {
    case "push":
      for (const { disposition } of reply as { disposition: string }[]) {
        met.add(`push ${disposition}`);
      }
      return;
    case "exchange": {
      const { settled, extended, claimed } = reply as ExchangeReply;
      for (const answer of settled) met.add(`settle ${answer}`);
      for (const answer of extended) met.add(`extend ${answer}`);
      met.add(claimed.length > 0 ? "claim some" : "claim none");
      if (claimed.some(({ crashedWorker }) => crashedWorker !== "")) met.add("claim after a crash");
      return;
    }
    case "cancel":
    case "discard":
    case "redrive":
      for (const answer of reply as string[]) met.add(`${command.kind} ${answer}`);
  }
}
