import { type Check, randomOf } from "../check.ts";
import { audit, LedgerWriter, readLedger } from "../ledger.ts";
import { pause, Place } from "../store.ts";

const PROGRAM = new URL("../lossy_worker.ts", import.meta.url).href;
const EVERY_MS = 250;
const WORKERS = 4;

export const check: Check = {
  id: "C1",
  title: "a queue that loses, as the auditor's control",
  goal: "the auditor reports more than 0 lost",
  async run({ full, seed }) {
    const jobs = full ? 10_000 : 1_000;
    await using place = await Place.open("redis");
    const { url, token, redis, namespace } = place.gateway!;
    const key = `${namespace}:lossy`;
    using ledger = new LedgerWriter(place.folder);
    for (let i = 0; i < jobs; i++) {
      await redis.rpush(key, `job-${i}`);
      ledger.write("acknowledged", { id: `job-${i}` });
    }
    const orders = JSON.stringify({ url, token, key, ledger: place.folder });
    const args = ["run", "--quiet", "--no-check", "--no-lock", "-A", PROGRAM, orders];
    const start = () => new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn();
    const alive = Array.from({ length: WORKERS }, start);
    const random = randomOf(seed);
    let kills = 0;
    for (; await redis.llen(key) > 0; kills++) {
      await pause(EVERY_MS);
      const victim = Math.floor(random() * WORKERS);
      await end(alive[victim]!);
      alive[victim] = start();
    }
    for (const child of alive) await child.status;
    const { lost, acknowledged } = audit(await readLedger(place.folder), new Set());
    return {
      figure: `${lost.length} lost of ${acknowledged} in ${kills} kills, and found out`,
      met: acknowledged === jobs && lost.length > 0,
    };
  },
};

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It found nothing to do, and has ended.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
  await child.status;
}
