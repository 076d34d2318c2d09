import { z } from "zod";
import { Dabba } from "../../../src/dabba.ts";
import { DabbaError } from "../../../src/errors.ts";
import { encodeEnvelope, encodePlan } from "../../../src/message/envelope.ts";
import { randomId } from "../../../src/message/id.ts";
import { defineTask } from "../../../src/task.ts";
import type { Check } from "../check.ts";
import { fsck } from "../check.ts";
import { passing } from "../jobs.ts";
import { openShop, type Shop, type ShopKind } from "../shop.ts";

const LIMIT = 262_144;
const NEXT_MS = 1_000;
const KINDS: readonly ShopKind[] = ["redis", "sqlite"];

/** Ever deeper in itself, as JSON text that costs next to nothing to write. */
const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const manyKeys = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(",")}}`;

/** Inputs that must be refused before anything is sent. */
const REFUSED: Readonly<Record<string, () => unknown>> = {
  "a byte over the limit": () => "x".repeat(LIMIT - 1),
  "9.9 MB": () => "x".repeat(9_900_000),
  "200,000 levels": () => JSON.parse(deep(200_000)),
  "a million keys": () => JSON.parse(manyKeys(1_000_000)),
  "itself": () => {
    const own: unknown[] = [];
    own.push(own);
    return own;
  },
};

/** Inputs that lie in the store all the same, as from a producer without limits. */
const PLANTED: Readonly<Record<string, string>> = {
  "9.4 MB": JSON.stringify("x".repeat(9_400_000)),
  "200,000 levels": deep(200_000),
  "500,000 keys": manyKeys(500_000),
  "no JSON": "[[[",
};

type Tree = Tree[];
const tree: z.ZodType<Tree> = z.lazy(() => z.array(tree));

export const check: Check = {
  id: "R21",
  title: "payloads that are too large, too deep or too wide",
  goal: "refused before anything is sent; planted in the store: buried, the worker alive, the " +
    "next job begun within 1 s",
  async run({ say }) {
    const figures: string[] = [];
    let met = true;
    for (const kind of KINDS) {
      await using shop = await openShop(kind);
      const refused = await refuseAll(shop, say);
      const planted = await plantAll(shop, say);
      const findings = (await fsck(shop.broker)).length;
      const all = Object.keys(REFUSED).length;
      figures.push(
        `${kind}: ${refused} of ${all} refused unsent; ${planted.right} of ${planted.all} planted ` +
          `ones came to their end, next job begun after at most ${planted.slowestMs} ms, memory ` +
          `grew by ${planted.grownMb} MB, ${findings} findings`,
      );
      met &&= refused === all && planted.right === planted.all &&
        planted.slowestMs <= NEXT_MS && findings === 0;
    }
    return { figure: figures.join("; "), met };
  },
};

async function refuseAll(shop: Shop, say: (text: string) => void): Promise<number> {
  const any = defineTask("any", { input: passing<unknown>() }, () => {});
  const dabba = new Dabba({ broker: shop.broker, tasks: { any }, payloadLimit: LIMIT });
  let refused = 0;
  for (const [what, make] of Object.entries(REFUSED)) {
    const before = shop.requests();
    const outcome = await dabba.tasks.any.enqueue(make()).then(() => "taken", (error) => error);
    const typed = outcome instanceof DabbaError;
    if (typed && shop.requests() === before) refused++;
    else say(`${what}: ${outcome}`);
  }
  return refused;
}

async function plantAll(shop: Shop, say: (text: string) => void) {
  let begun = 0;
  const any = defineTask("any", { input: passing<unknown>(), backoff: [1] }, () => {});
  const nested = defineTask("nested", { input: tree, backoff: [1] }, () => {});
  const next = defineTask("next", { input: passing<string>() }, () => void (begun = Date.now()));
  const dabba = new Dabba({ broker: shop.broker, tasks: { any, nested, next } });
  const plant = async (task: string, input: string) => {
    const id = randomId();
    const plan = {
      task,
      backoff: [1],
      timeoutMs: 0,
      retainMs: 1_000,
      keepMs: 1_000,
      maxCrashes: 8,
    };
    const line = { queue: "default", priority: "normal" } as const;
    const body = encodeEnvelope(encodePlan(plan), input);
    await shop.broker.push([{ id, nonce: "-", ...line, delayMs: 0, expiresInMs: 0, body }]);
    return id;
  };
  const stop = new AbortController();
  const polling = { min: 20, max: 100 };
  const running = dabba.worker({ polling, signals: false }).run({ signal: stop.signal });
  const before = Deno.memoryUsage().rss;
  const sum = { right: 0, all: 0, slowestMs: 0, grownMb: 0 };
  for (const [what, input] of Object.entries(PLANTED)) {
    for (const task of ["any", "nested"]) {
      sum.all++;
      const id = await plant(task, input);
      const final = await untilFinal(dabba, id);
      const plantedAt = Date.now();
      await (await dabba.tasks.next.enqueue("next")).result({ timeout: "10s" });
      sum.slowestMs = Math.max(sum.slowestMs, begun - plantedAt);
      // A task that takes anything may well do what it is sent, whatever its size.
      const right = final === "dead" || task === "any" && final === "succeeded";
      if (right) sum.right++;
      else say(`${shop.kind}, ${task}, ${what}: it is ${final}`);
    }
  }
  sum.grownMb = Math.round((Deno.memoryUsage().rss - before) / 2 ** 20);
  stop.abort();
  await running;
  return sum;
}

async function untilFinal(dabba: Dabba, id: string): Promise<string> {
  const endsAt = Date.now() + 30_000;
  for (;;) {
    const { state } = await dabba.status(id);
    if (state === "dead" || state === "succeeded" || Date.now() > endsAt) return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
