import { wholeLinesOf } from "../../support/lines.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import type { Check } from "../check.ts";

const MOST_MIB = 1;
const END_MS = 15_000;

interface Sample {
  readonly through: number;
  readonly rss: number;
  readonly heapUsed: number;
}

export const check: Check = {
  id: "R31",
  title: "what a worker keeps of many messages",
  goal: "memory grows by ≤ 1 MiB for 100,000 messages after warm-up; nothing left open at the end",
  async run({ full, seed }) {
    const [batches, size] = full ? [100, 5_000] : [30, 3_000];
    await using server = await startRedisServer();
    if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", server.url);
    const { redisGateway } = await import("../../support/redis_gateway.ts");
    const { withFaults } = await import("../../../src/testing/mod.ts");
    let pass: (request: Request) => Promise<Response>;
    // Connections are lost now and then, and made anew.
    const rules = [{ fault: "drop-reply", probability: 0.01 }] as const;
    const faulty = withFaults((request) => pass(request), { rules, seed });
    await using gateway = await redisGateway({
      redis: server.url,
      intercept: (request, forward) => {
        pass = forward;
        return faulty.handle(request);
      },
    });
    const { samples, ended } = await play([gateway.url, gateway.token, `${batches}`, `${size}`]);
    const rss = slope(samples.map(({ through, rss }) => [through, rss]));
    const heap = slope(samples.map(({ through, heapUsed }) => [through, heapUsed]));
    const all = samples.at(-1)?.through ?? 0;
    const figure = `${all} messages, 10 % failed, 1 % out of time: heap ${heap.toFixed(2)} and ` +
      `resident memory ${rss.toFixed(2)} MiB for 100,000, after a third of them; ` +
      `${ended ? "ended by itself" : "did not end by itself"}`;
    // What the allocator holds on to jumps by megabytes: over a short run only the heap tells.
    const met = all === batches * size && ended && heap <= MOST_MIB && (!full || rss <= MOST_MIB);
    return { figure, met };
  },
};

async function play(args: readonly string[]): Promise<{ samples: Sample[]; ended: boolean }> {
  const program = new URL("../leak_process.ts", import.meta.url).href;
  const flags = ["--quiet", "--no-check", "--no-lock", "-A", "--v8-flags=--expose-gc"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, program, ...args],
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const samples: Sample[] = [];
  let late: ReturnType<typeof setTimeout> | undefined;
  for await (const line of wholeLinesOf(child.stdout)) {
    samples.push(JSON.parse(line));
    clearTimeout(late);
    if (samples.length === Number(args[2])) late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  }
  const { success } = await child.status;
  clearTimeout(late);
  return { samples, ended: success };
}

/** MiB for 100,000 messages, by the line that fits best; the first third is for warming up. */
function slope(points: readonly (readonly [number, number])[]): number {
  const warm = points.slice(Math.floor(points.length / 3));
  const mean = (i: 0 | 1) => warm.reduce((sum, point) => sum + point[i], 0) / warm.length;
  const [x, y] = [mean(0), mean(1)];
  const over = warm.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  const under = warm.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return over / under * 100_000 / 2 ** 20;
}
