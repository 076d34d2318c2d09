import { Dabba } from "../../../src/dabba.ts";
import { UnserialisableError } from "../../../src/errors.ts";
import { defineTask } from "../../../src/task.ts";
import { Random } from "../../broker/contract/random.ts";
import { type Check, fsck, ruleOfThree } from "../check.ts";
import { passing } from "../jobs.ts";
import { drawJson, isSameJson } from "../json_values.ts";
import { openShop, type ShopKind } from "../shop.ts";

const KINDS: readonly ShopKind[] = ["redis", "sqlite", "memory"];
const BATCH = 500;
/** Three retries, then dead; sent round again, it gives back what it got. */
const BACKOFF = [1, 1, 1];
const DELIVERIES = BACKOFF.length + 2;

export const check: Check = {
  id: "R20",
  title: "payloads come back as they were sent",
  goal: "every value the same in each delivery, result and dead letter, on three stores; nothing " +
    "polluted",
  async run(scale) {
    const count = scale.full ? 10_000 : 1_000;
    const came = [];
    for (const kind of KINDS) came.push(await play(kind, count, scale.seed));
    const polluted = ({} as { polluted?: unknown }).polluted !== undefined;
    const figure =
      came.map(({ kind, same, refused, seen, findings }) =>
        `${kind}: ${same} of ${
          count - refused
        } the same in ${seen} deliveries, ${refused} refused, ` +
        `${findings} findings`
      ).join("; ") + `; ${polluted ? "polluted" : "nothing polluted"} (${ruleOfThree(count)})`;
    const met = !polluted &&
      came.every(({ same, refused, seen, findings }) =>
        same === count - refused && seen === same * DELIVERIES && findings === 0
      );
    return { figure, met };
  },
};

async function play(kind: ShopKind, count: number, seed: number) {
  await using shop = await openShop(kind);
  const random = new Random(seed);
  const sent = new Map<string, unknown>();
  const wrong = new Set<string>();
  let seen = 0;
  const echo = defineTask("echo", { input: passing<unknown>(), backoff: BACKOFF }, (value, ctx) => {
    seen++;
    if (!isSameJson(value, sent.get(ctx.id))) wrong.add(ctx.id);
    // As careless code does: it must not reach the prototype of everything.
    Object.assign({}, value);
    if (ctx.fence <= BACKOFF.length + 1) throw new Error("not yet");
    return value;
  });
  const dabba = new Dabba({ broker: shop.broker, tasks: { echo } });
  let refused = 0;
  for (let at = 0; at < count; at += BATCH) {
    const values = Array.from({ length: Math.min(BATCH, count - at) }, () => drawJson(random));
    await Promise.all(values.map(async (value) => {
      const id = `v${sent.size}`;
      sent.set(id, value);
      try {
        await dabba.tasks.echo.enqueue(value, { id, delay: 1 });
      } catch (error) {
        if (!(error instanceof UnserialisableError)) throw error;
        refused++;
        sent.delete(id);
      }
    }));
  }
  await drainAll(dabba);
  await dabba.redrive({ all: true });
  await drainAll(dabba);
  for (const [id, value] of sent) {
    if (!isSameJson((await dabba.status(id)).output, value)) wrong.add(id);
  }
  const findings = (await fsck(shop.broker)).length;
  return { kind, same: sent.size - wrong.size, refused, seen, findings };
}

/** Drains until nothing is left, retries included. */
async function drainAll(dabba: Dabba): Promise<void> {
  const worker = dabba.worker({ concurrency: 100, signals: false });
  while ((await dabba.inspect.stats()).queues.length > 0) await worker.drain();
}
