import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";

const n = z.number();
const HOUR_MS = 3_600_000;

/** Has this process's wall clock be off until it is disposed of; the store keeps the right time. */
function skewed(ms: number): Disposable & { readonly store: () => number } {
  const right = Date.now;
  const store = right.bind(Date);
  Date.now = () => right() + ms;
  return { store, [Symbol.dispose]: () => void (Date.now = right) };
}

for (const [what, ms] of [["an hour fast", HOUR_MS], ["an hour slow", -HOUR_MS]] as const) {
  Deno.test(`Worker.run() on a machine ${what} starts nothing early, and nothing late`, async () => {
    using clock = skewed(ms);
    const started: number[] = [];
    const note = defineTask("note", { input: n, backoff: [150] }, (input, { attempt }) => {
      started.push(input);
      if (input === 1 && attempt === 1) throw new Error("again");
    });
    const broker = sqliteBroker({ path: ":memory:", clock: clock.store });
    await using dabba = new Dabba({ broker, tasks: { note }, log: false });
    const far = await dabba.tasks.note.enqueue(3, { delay: "30m" });
    const expiring = await dabba.tasks.note.enqueue(1, { expiresIn: "30m" });
    const at = new Date(clock.store() + 100);
    const soon = await dabba.tasks.note.enqueue(2, { at });
    const stop = new AbortController();
    const running = dabba.worker({ signals: false, lease: 300 }).run({ signal: stop.signal });
    await Promise.all([expiring.result(), soon.result()]);
    stop.abort();
    assertObjectMatch(await running, { succeeded: 2, retried: 1, expired: 0, lost: 0 });
    assertEquals(started.toSorted(), [1, 1, 2]);
    const { history, finishedAt } = await expiring.status();
    assert(Math.abs(Date.parse(history[0]!.at) - clock.store()) < 60_000, "told by the store");
    assert(Math.abs(finishedAt!.getTime() - clock.store()) < 60_000);
    assertEquals((await far.status()).state, "scheduled");
  });
}
