/** M1: the same commands, lost, doubled and late ones among them, on the model and on both stores. */

import { modelRuns } from "../../broker/model/model.ts";
import type { Tally } from "../../broker/model/outcomes.ts";
import { redisStores } from "../../broker/model/redis_store.ts";
import { openMemory } from "../../broker/sqlite/harness.ts";
import { type Check, ruleOfThree, type Scale } from "../check.ts";

const RUNS = { full: 5_000, short: 2_000 };

export const check: Check = {
  id: "M1",
  title: "model runs: SQLite and Redis over HTTP against the memory broker",
  goal: "2,000 runs of up to 100 commands on each (full: 5,000): 0 replies or snapshots differ, " +
    "each kind of command counted and was refused",
  async run(scale: Scale) {
    const runs = scale.full ? RUNS.full : RUNS.short;
    const { seed } = scale;
    const sqlite = await modelRuns(openMemory, { runs, seed, lanes: 1 });
    await using stores = await redisStores();
    const redis = await modelRuns(stores.open, { runs, seed, lanes: 8 });
    const missing = [...sqlite.missing(), ...redis.missing()];
    if (missing.length > 0) scale.say(`never met: ${missing.join(", ")}`);
    return {
      figure: `SQLite ${tell(sqlite)}; Redis ${tell(redis)}; 0 differ ` +
        `(${ruleOfThree(runs)} of runs), ${missing.length} kinds not met`,
      met: missing.length === 0 && sqlite.runs >= runs && redis.runs >= runs,
    };
  },
};

function tell({ runs, steps }: Tally): string {
  return `${runs} runs of ${steps} steps`;
}
