import { z } from "zod";
import { Dabba } from "../../../src/dabba.ts";
import { defineTask } from "../../../src/task.ts";
import { type Check, fsck, ruleOfThree } from "../check.ts";
import { openShop, type Shop, type ShopKind } from "../shop.ts";

const KINDS: readonly ShopKind[] = ["redis", "sqlite"];
const PARK_MS = 200;
const LIMIT_MS = 60_000;

/** What of the old release the new one has changed: a stricter input, a task more, a task less. */
const oldPay = { input: z.object({ amount: z.number() }) };
const newPay = { input: z.object({ amount: z.number(), currency: z.string() }) };

export const check: Check = {
  id: "R22",
  title: "releases that know different tasks and schemas",
  goal: "0 lost; unknown tasks wait, with no attempt spent, and are all done by who knows them; " +
    "inputs that do not fit are buried with their issues at the first delivery",
  async run({ full }) {
    const count = full ? 2_000 : 200;
    const came = [];
    for (const kind of KINDS) {
      await using shop = await openShop(kind);
      came.push({ kind, ...await play(shop, count) });
    }
    const figure =
      came.map((one) =>
        `${one.kind}: ${one.done} of ${
          2 * count
        } of tasks that only one release knows done after ` +
        `${one.parked} times parked, ${one.spent} attempts spent on that; ${one.buried} of ${count} ` +
        `old inputs buried with issues, ${one.fitting} of ${count} new ones done, ${one.late} ` +
        `deliveries too many, ${one.findings} findings`
      ).join("; ") + ` (${ruleOfThree(count)})`;
    const met = came.every((one) =>
      one.done === 2 * count && one.buried === count && one.fitting === count &&
      one.spent === 0 && one.late === 0 && one.parked > 0 && one.findings === 0
    );
    return { figure, met };
  },
};

function releases(shop: Shop) {
  const ran: string[] = [];
  const run = (_: unknown, { id, attempt }: { id: string; attempt: number }) =>
    void ran.push(`${id} ${attempt}`);
  const removed = defineTask("removed", { input: z.number() }, run);
  const added = defineTask("added", { input: z.number() }, run);
  const { broker } = shop;
  const older = new Dabba({ broker, tasks: { removed, pay: defineTask("pay", oldPay) } });
  const newer = new Dabba({ broker, tasks: { added, pay: defineTask("pay", newPay, run) } });
  return { ran, older, newer };
}

async function play(shop: Shop, count: number) {
  const { ran, older, newer } = releases(shop);
  let parked = 0;
  for (const dabba of [older, newer]) dabba.on("unknownTask", () => void parked++);
  const inputs = Array.from({ length: count }, (_, i) => i);
  const removed = await older.tasks.removed.enqueueMany(inputs);
  const added = await newer.tasks.added.enqueueMany(inputs);
  const stale = await older.tasks.pay.enqueueMany(inputs.map((amount) => ({ amount })));
  const money = inputs.map((amount) => ({ amount, currency: "EUR" }));
  const fresh = await newer.tasks.pay.enqueueMany(money);
  const stop = new AbortController();
  const options = {
    ...{ concurrency: 50, signals: false, unknownTaskDelay: PARK_MS, queues: ["default"] },
    polling: { min: 10, max: 100 },
  };
  const running = [older, newer].map((dabba) => dabba.worker(options).run({ signal: stop.signal }));
  const endsAt = performance.now() + LIMIT_MS;
  while ((await older.inspect.stats()).queues.length > 0 && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  stop.abort();
  await Promise.all(running);
  const known = await Promise.all([...removed, ...added].map(({ id }) => older.status(id)));
  const first = new Set(ran);
  const buried = await Promise.all(stale.map(({ id }) => older.status(id)));
  const fitting = await Promise.all(fresh.map(({ id }) => newer.status(id)));
  const isBuried = ({ state, attempts, history }: (typeof buried)[number]) =>
    state === "dead" && attempts === 1 && /currency/.test(history[0]?.message ?? "");
  return {
    parked,
    done: known.filter(({ state }) => state === "succeeded").length,
    spent: known.filter(({ id }) => !first.has(`${id} 1`)).length,
    buried: buried.filter(isBuried).length,
    late: ran.length - first.size,
    fitting: fitting.filter(({ state }) => state === "succeeded").length,
    findings: (await fsck(shop.broker)).length,
  };
}
