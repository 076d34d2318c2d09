import { DatabaseSync } from "node:sqlite";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { type Check, fsck, randomOf, ruleOfThree } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { Fleet, type Process } from "../processes.ts";
import { pause, Place } from "../store.ts";

const WORKERS = 8;
const SLOTS = 5;
const KILL_EVERY_MS = 250;
const LEASE_MS = 5_000;
const LIMIT_MS = 120_000;
/** A copy is made after so many kills. */
const KILLS_A_COPY = 4;

export const check: Check = {
  id: "R33",
  title: "SQLite under kill -9, copied and opened again",
  goal: "0 lost, 0 stuck, every copy sound and whole, 0 SQLITE_BUSY to users",
  async run(scale) {
    const [jobs, kills] = scale.full ? [10_000, 200] : [1_000, 20];
    await using place = await Place.open("sqlite");
    const random = randomOf(scale.seed);
    const ids = await place.enqueue(sleeps(jobs, [40, 120], random));
    const worker = { concurrency: SLOTS, lease: LEASE_MS, polling: POLLING };
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    const alive = Array.from({ length: WORKERS }, () => fleet.start());
    const copies = { made: 0, sound: 0 };
    for (let kill = 1; kill <= kills; kill++) {
      await pause(KILL_EVERY_MS);
      const victim = Math.floor(random() * WORKERS);
      alive[victim]!.kill("SIGKILL");
      alive[victim] = fleet.start();
      if (kill % KILLS_A_COPY > 0) continue;
      copies.made++;
      if (await isSound(await copy(place, alive), ids)) copies.sound++;
    }
    await place.untilQuiet(LIMIT_MS);
    const { lost, stuck, extra, stale, findings, entries } = await place.reckon();
    const busy = entries.filter(({ what, why }) => what === "outage" && /busy|locked/i.test(why!));
    const outages = entries.filter(({ what }) => what === "outage").length;
    const figure = `${WORKERS} processes, ${kills} kills: ${lost.length} lost, ${stuck.length} ` +
      `stuck, ${extra.length} extra starts of ${jobs}; ${copies.sound} of ${copies.made} copies ` +
      `sound and whole; ${busy.length} times busy, ${outages} outages told, ${findings} findings ` +
      `(${ruleOfThree(jobs)})`;
    const wrong = lost.length + stuck.length + stale.length + findings + busy.length;
    return { figure, met: wrong === 0 && copies.made > 0 && copies.sound === copies.made };
  },
};

/** Copies the file as it is at this moment: nobody writes meanwhile, as after a power cut. */
async function copy(place: Place, alive: readonly Process[]): Promise<string> {
  if (place.address.kind !== "sqlite") throw new TypeError("It plays on SQLite only");
  const { path } = place.address;
  const folder = await Deno.makeTempDir({ prefix: "dabba-copy-" });
  for (const process of alive) process.kill("SIGSTOP");
  try {
    for (const end of ["", "-wal"]) {
      await Deno.copyFile(path + end, `${folder}/dabba.db${end}`).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  } finally {
    for (const process of alive) process.kill("SIGCONT");
  }
  return folder;
}

/** Whether the copy can be opened, is whole, and knows all that was acknowledged. */
async function isSound(folder: string, ids: readonly string[]): Promise<boolean> {
  try {
    const path = `${folder}/dabba.db`;
    const db = new DatabaseSync(path);
    const [answer] = db.prepare("PRAGMA integrity_check").all();
    db.close();
    const broker = sqliteBroker({ path });
    let known = 0;
    for (let at = 0; at < ids.length; at += 1_000) {
      const records = await broker.read(ids.slice(at, at + 1_000));
      known += records.filter((record) => record !== undefined).length;
    }
    const findings = await fsck(broker);
    await broker.close();
    return answer?.integrity_check === "ok" && known === ids.length && findings.length === 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
