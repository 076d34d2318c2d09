import { bullmqRun, type BullRun } from "../bullmq_run.ts";
import { type Check, ruleOfThree } from "../check.ts";
import { type KillPlan, killRun } from "../kill_run.ts";

/** What another queue of this kind needed for the same run, measured: extra starts. */
const TO_BEAT = 328;
const SWEEP_MS = 5_000;

// The lease is the default one, as is the lock of 30 seconds of the run to compare with.
const FULL: KillPlan = {
  ...{ jobs: 10_000, takesMs: [15, 45], leaseMs: 30_000 },
  ...{ everyMs: 250, kills: 200, limitMs: 150_000 },
};
const SHORT: KillPlan = { ...FULL, jobs: 1_000, kills: 20, leaseMs: 2_000, limitMs: 30_000 };

export const check: Check = {
  id: "R1",
  title: "workers killed with SIGKILL",
  goal: "0 lost, 0 stuck, fewer than 328 extra starts, p99 back within lease + sweep + 1 s",
  async run(scale) {
    const plan = scale.full ? FULL : SHORT;
    const runs = [];
    for (const kind of ["redis", "sqlite"] as const) {
      runs.push({ kind, ...await killRun(kind, plan, scale) });
    }
    const figure = runs.map((run) =>
      `${run.kind}: ${run.lost.length} lost, ${run.stuck.length} stuck, ${run.extra.length} extra ` +
      `starts of ${plan.jobs} in ${run.kills} kills (${run.redone.length} of them had done their ` +
      `work), back after ${run.backP99Ms} ms (p99), ` +
      `${run.seconds} s, ${run.findings} findings (lost ${ruleOfThree(plan.jobs)})`
    ).join("; ");
    const beside = scale.full ? tell(await bullmqRun(plan, scale)) : "";
    const met = runs.every((run) =>
      run.acknowledged === plan.jobs && run.lost.length === 0 && run.stuck.length === 0 &&
      run.stale.length === 0 && run.dead.size === 0 && run.findings === 0 &&
      run.extra.length < TO_BEAT && run.backP99Ms <= plan.leaseMs + SWEEP_MS + 1_000
    );
    return { figure: figure + beside, met };
  },
};

function tell({ extra, redone, kills, backP99Ms, seconds, lost }: BullRun): string {
  return `; for comparison BullMQ on the same plan: ${lost.length} lost, ${extra.length} extra ` +
    `starts in ${kills} kills (${redone.length} had done their work), back after ${backP99Ms} ms ` +
    `(p99), ${seconds} s`;
}
