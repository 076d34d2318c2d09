import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { Random } from "../contract/random.ts";
import { startProcess } from "./ledger.ts";
import { withTempFile } from "./temp_file.ts";

const KILLS = 10;

/** Runs processes at once on one file; their lines together. */
async function runTogether(path: string, names: string[], count: number): Promise<string[]> {
  const ledgers = await Promise.all(names.map(async (name) => {
    const { child, lines, complaints } = startProcess("sharing_process.ts", [
      path,
      name,
      String(count),
    ]);
    const ledger = await Array.fromAsync(lines);
    assertEquals([await complaints, (await child.status).code], ["", 0]);
    return ledger;
  }));
  return ledgers.flat();
}

/** Gives what follows a word in the lines that begin with it. */
function after(word: string, ledger: readonly string[]): string[] {
  return ledger.filter((line) => line.startsWith(`${word} `)).map((line) =>
    line.slice(word.length + 1)
  );
}

function assertSound(path: string): void {
  const db = new DatabaseSync(path);
  const answer = db.prepare("PRAGMA integrity_check").all();
  db.close();
  assertEquals(answer.map((row) => row.integrity_check), ["ok"]);
}

Deno.test("sqliteBroker() is shared by processes: nothing lost, nothing delivered twice", () =>
  withTempFile(async (path) => {
    const ledger = await runTogether(path, ["a", "b", "c"], 400);
    const pushed = after("pushed", ledger).sort();
    assertEquals(pushed.length, 1_200);
    assertEquals(after("claimed", ledger).sort(), pushed.map((id) => `${id} 1`));
    assertEquals(after("settled", ledger).sort(), pushed);
    assertEquals(after("lost", ledger), []);
    assertSound(path);
  }));

Deno.test("sqliteBroker() is created by processes that start at once", () =>
  withTempFile(async (path) => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const ledger = await runTogether(path, names, 20);
    assertEquals(after("settled", ledger).length, 20 * names.length);
  }));

Deno.test("sqliteBroker() keeps all that was acknowledged through kill -9", () =>
  withTempFile(async (path) => {
    const random = new Random(9);
    const ledger: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      ledger.push(...await churnUntilKilled(path, random.between(1, 150)));
      assertSound(path);
    }
    const broker = sqliteBroker({ path });
    const settled = new Set(after("settled", ledger));
    for (const id of after("pushed", ledger)) {
      const [record] = await broker.read([id]);
      if (settled.has(id)) {
        assertEquals([record?.state, record?.result], ["succeeded", `of ${id}`]);
      } else if (record?.state === "succeeded") {
        // The kill came between the settlement and its line in the ledger.
        assertEquals(record.result, `of ${id}`);
      } else {
        assertEquals(record?.body, `body of ${id}`);
      }
    }
    await broker.close();
  }));

Deno.test("sqliteBroker() hands over again what killed processes held", () =>
  withTempFile(async (path) => {
    const ledger: string[] = [];
    for (let kill = 0; kill < 3; kill++) ledger.push(...await churnUntilKilled(path, 40));
    const broker = sqliteBroker({ path, clock: () => Date.now() + 3_600_000 });
    const { claimed } = await broker.exchange({
      ...{ channel: "c", seq: 1, worker: "w", leaseMs: 1_000, settle: [], extend: [] },
      ...{ claim: { queues: ["q"], max: 1_000 }, trim: 0, sweep: false },
    });
    const known = new Set([...claimed.map(({ id }) => id), ...after("settled", ledger)]);
    const records = await broker.read(after("pushed", ledger));
    const lost = records.filter((record) =>
      record === undefined || record.state !== "succeeded" && !known.has(record.id)
    );
    assertEquals(lost, []);
    assertEquals(claimed.some(({ crashedWorker }) => crashedWorker === "w"), true);
    await broker.close();
  }));

/** Lets a process work until it has written so many lines, then kills it; all it wrote. */
async function churnUntilKilled(path: string, lineCount: number): Promise<string[]> {
  const { child, lines, complaints } = startProcess("churning_process.ts", [path]);
  const ledger: string[] = [];
  for await (const line of lines) {
    ledger.push(line);
    if (ledger.length === lineCount) child.kill("SIGKILL");
  }
  await child.status;
  assertEquals(await complaints, "");
  return ledger;
}
