/** Model runs: fast-check draws steps, plays them on oracle and brokers, and shrinks what differs. */

import fc from "fast-check";
import { openMemoryBroker } from "../../testing/harness.ts";
import { type Kind, type Step, WEIGHTS } from "../contract/generator.ts";
import type { ContractHarness, HarnessBounds, OpenHarness } from "../contract/harness.ts";
import { Tally } from "./outcomes.ts";
import { Run } from "./run.ts";

/** Says how much to try. */
export interface ModelOptions {
  readonly runs: number;
  readonly seed: number;
  /** How many runs are under way at once: while one waits for a store, another one goes on. */
  readonly lanes: number;
  /** Bounds what the stores keep. @default the brokers' own bounds */
  readonly bounds?: HarnessBounds;
  /** Plays one run again, and no other. @default what `DABBA_MODEL` holds */
  readonly replay?: Replay;
}

/** Names a run that failed: as `DABBA_MODEL` it is played again, and no other one. */
export interface Replay {
  readonly seed: number;
  readonly path: string;
  readonly replayPath: string;
}

const MAX_STEPS = 100;

/** Is one step as fast-check has it: what to do, and the seed of all its details. */
class PlannedStep implements fc.AsyncCommand<object, Run> {
  readonly #kind: Kind;
  readonly #seed: number;
  #played: Step | undefined;

  constructor(kind: Kind, seed: number) {
    this.#kind = kind;
    this.#seed = seed;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, run: Run): Promise<void> {
    this.#played = await run.play(this.#kind, this.#seed);
  }

  toString(): string {
    const played =
      this.#played?.actions.map(({ command, heard }) =>
        `${JSON.stringify(command)}${heard ? "" : " (unheard)"}`
      ) ?? [];
    return `\n  ${this.#kind}#${this.#seed} ${played.join(" then ")}`;
  }
}

/** Plays runs on the memory broker and on another one; throws the smallest one that differs. */
export async function modelRuns(open: OpenHarness, options: ModelOptions): Promise<Tally> {
  const tally = new Tally();
  const { bounds } = options;
  const replay = options.replay ?? readReplay();
  const lanes = replay ? 1 : options.lanes;
  // All of them end before the stores are taken away, though one has failed.
  const ends = await Promise.allSettled(
    Array.from(
      { length: lanes },
      (_, lane) =>
        fc.assert(property(() => [openMemoryBroker(bounds), open(bounds)], tally, replay), {
          numRuns: Math.ceil(options.runs / lanes),
          seed: options.seed * 1_000 + lane,
          ...(replay ? { seed: replay.seed, path: replay.path } : {}),
        }),
    ),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return tally;
}

type OpenPair = () => [Promise<ContractHarness>, Promise<ContractHarness>];

function property(open: OpenPair, tally: Tally, replay: Replay | undefined) {
  const kinds = Object.entries(WEIGHTS).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.constant(kind as Kind),
  }));
  const step = fc.tuple(fc.oneof(...kinds), fc.noShrink(fc.nat()))
    .map(([kind, seed]) => new PlannedStep(kind, seed));
  const steps = fc.commands([step], {
    maxCommands: MAX_STEPS,
    size: "max",
    ...(replay ? { replayPath: replay.replayPath } : {}),
  });
  return fc.asyncProperty(steps, async (planned) => {
    const [oracle, other] = await Promise.all(open());
    try {
      const run = new Run([oracle, other], tally);
      await fc.asyncModelRun(() => ({ model: {}, real: run }), planned);
      await run.end();
    } finally {
      await oracle.close();
      await other.close();
    }
  });
}

function readReplay(): Replay | undefined {
  const text = Deno.env.get("DABBA_MODEL");
  return text === undefined ? undefined : JSON.parse(text);
}
