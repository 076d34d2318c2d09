/** What must hold between processes, whatever the store. */

import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import type { Delivery, ExchangeRequest } from "../../src/broker/broker.ts";
import { encodeResult } from "../../src/message/result.ts";
import type { Scene } from "./scene.ts";

/** Names each test: the symbol, then its behaviour. */
export type Cases = Readonly<Record<string, (scene: Scene) => Promise<void>>>;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Takes the only message as another worker would, as soon as it is free, and says that it is done. */
async function takeOver({ broker }: Scene): Promise<Delivery> {
  const channel = crypto.randomUUID();
  const request: Omit<ExchangeRequest, "seq"> = {
    ...{ channel, worker: "thief", leaseMs: 60_000, settle: [], extend: [], trim: 0, sweep: false },
    claim: { queues: ["default"], max: 1 },
  };
  let taken: Delivery | undefined;
  for (let seq = 1; taken === undefined; seq++) {
    [taken] = (await broker.exchange({ ...request, seq })).claimed;
    if (!taken) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const outcome = { outcome: "succeeded", retainMs: 60_000 } as const;
  const settled = { ...taken, ...outcome, result: encodeResult("work", `"thief"`, []) };
  await broker.exchange({ ...request, channel: channel + "s", seq: 1, settle: [settled] });
  return taken;
}

export const cases: Cases = {
  async "Worker.run() killed with SIGKILL leaves its message to the next one, after the lease"(
    scene,
  ) {
    const { tasks, ledger } = scene;
    const receipt = await tasks.work.enqueue({ ms: 300 });
    const first = scene.start({ name: "first" });
    await ledger.until({ what: "begun" });
    first.kill("SIGKILL");
    await first.ended;
    scene.start({ name: "second" });
    await ledger.until({ what: "succeeded" });
    const begun = ledger.all({ what: "begun" });
    assertEquals(begun.map(({ attempt, fence }) => [attempt, fence]), [[1, 1], [1, 2]]);
    assertObjectMatch(await receipt.status(), {
      ...{ state: "succeeded", attempts: 1, crashes: 1, worker: "second" },
      history: [{ kind: "crashed", worker: "first" }],
    });
  },

  async "Worker.run() loses nothing and spends no attempt under ten SIGKILLs"(scene) {
    const { tasks, ledger } = scene;
    const jobs = range(200).map((i) => ({ ms: 10 + i % 40 }));
    const receipts = await tasks.work.enqueueMany(jobs, { maxCrashes: 100 });
    const options = { concurrency: 4, lease: 2_000 };
    const workers = range(3).map(() => scene.start(options));
    const victims = new Set<number>();
    for (let kill = 1; kill <= 10; kill++) {
      await ledger.until({ what: "begun" }, kill * 15);
      const victim = workers.shift()!;
      victim.kill("SIGKILL");
      victims.add(victim.pid);
      workers.push(scene.start(options));
    }
    for (const receipt of receipts) await receipt.result({ timeout: "2m" });
    const begun = ledger.all({ what: "begun" });
    assertEquals(new Set(begun.map(({ id }) => id)).size, 200);
    assert(begun.length <= 200 + 10 * 4, `${begun.length - 200} extra starts`);
    for (const receipt of receipts) {
      const starts = begun.filter(({ id }) => id === receipt.id);
      // Whoever had it before the last one was killed: nobody else ran it at the same time.
      assert(starts.slice(0, -1).every(({ pid }) => victims.has(pid)));
      assertObjectMatch(await receipt.status(), { attempts: 1, state: "succeeded" });
    }
  },

  async "Worker.run() frozen past its lease aborts its handler when it wakes"(scene) {
    const { tasks, ledger } = scene;
    const receipt = await tasks.work.enqueue({ ms: 0, deaf: true });
    const sleeper = scene.start({ name: "sleeper", lease: 500 });
    await ledger.until({ what: "begun" });
    sleeper.kill("SIGSTOP");
    assertObjectMatch(await takeOver(scene), { fence: 2, crashes: 1, crashedWorker: "sleeper" });
    sleeper.kill("SIGCONT");
    const [aborted] = await ledger.until({ what: "aborted" });
    assertObjectMatch({ ...aborted }, { id: receipt.id, fence: 1, why: "LeaseLostError" });
    await ledger.until({ what: "leaseLost" });
    assertObjectMatch(await receipt.status(), { state: "succeeded", worker: "thief" });
  },

  async "Worker.run() frozen past its lease has its late outcome refused"(scene) {
    const { tasks, ledger } = scene;
    const receipt = await tasks.work.enqueue({ ms: 1_500 });
    const sleeper = scene.start({ name: "sleeper", lease: 500 });
    await ledger.until({ what: "begun" });
    sleeper.kill("SIGSTOP");
    const ripe = new Promise((resolve) => setTimeout(resolve, 1_600));
    await takeOver(scene);
    await ripe;
    sleeper.kill("SIGCONT");
    await ledger.until({ what: "leaseLost" });
    sleeper.kill("SIGTERM");
    assertEquals((await sleeper.ended).code, 0);
    assertEquals(ledger.all({ what: "succeeded" }), []);
    assertEquals(await receipt.result(), "thief");
  },

  async "Worker.run() shares its store with another process: each message is run once"(scene) {
    const { tasks, ledger } = scene;
    const workers = range(2).map(() => scene.start({ concurrency: 5, lease: "30s" }));
    await ledger.until({ what: "ready" }, 2);
    const receipts = await tasks.work.enqueueMany(range(300).map(() => ({ ms: 5 })));
    await ledger.until({ what: "succeeded" }, 300);
    const begun = ledger.all({ what: "begun" });
    assertEquals(begun.map(({ id }) => id).toSorted(), receipts.map(({ id }) => id).toSorted());
    assert(workers.every(({ pid }) => ledger.all({ what: "begun", pid }).length > 30));
    for (const worker of workers) worker.kill("SIGTERM");
    for (const worker of workers) assertEquals((await worker.ended).code, 0);
  },

  async "Worker.run() buries a message that ends its process again and again, and no other"(scene) {
    const { tasks, ledger, dabba } = scene;
    const receipts = await tasks.work.enqueueMany(range(20).map(() => ({ ms: 20 })));
    const poison = await tasks.work.enqueue({ ms: 0, fatal: true }, { maxCrashes: 3 });
    receipts.push(...await tasks.work.enqueueMany(range(20).map(() => ({ ms: 20 }))));
    while (!ledger.all({ what: "dead" }).length) {
      const worker = scene.start({ concurrency: 4 });
      const died = worker.ended.then(({ code }) => assertEquals(code, 42));
      await Promise.race([died, ledger.until({ what: "dead" })]);
    }
    for (const receipt of receipts) await receipt.result({ timeout: "1m" });
    const { letters } = await dabba.inspect.dead();
    assertEquals(letters.map(({ id }) => id), [poison.id]);
    assertObjectMatch(letters[0]!, { attempts: 0, crashes: 3, error: { name: "PoisonError" } });
    assertEquals(ledger.all({ what: "begun", id: poison.id }).length, 3);
  },
};

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Object.assign(cases, {
    async [`Worker.run() lets its handler end after ${signal}, and its process with 0`](
      scene: Scene,
    ) {
      const { tasks, ledger } = scene;
      const receipt = await tasks.work.enqueue({ ms: 500 });
      const worker = scene.start({ grace: "10s" });
      await ledger.until({ what: "begun" });
      const later = await tasks.work.enqueue({ ms: 0 }, { delay: 1 });
      worker.kill(signal);
      assertEquals((await worker.ended).code, 0);
      assertEquals(await receipt.result(), { pid: worker.pid });
      assertEquals((await later.status()).attempts <= 1, true);
    },

    async [`Worker.run() hands back after ${signal} what heeds nothing, within its grace`](
      scene: Scene,
    ) {
      const { tasks, ledger } = scene;
      const receipt = await tasks.work.enqueue({ ms: 0, deaf: true });
      const worker = scene.start({ grace: "1s", lease: "1h" });
      await ledger.until({ what: "begun" });
      const begunAt = performance.now();
      worker.kill(signal);
      assertEquals((await worker.ended).code, 0);
      const tookMs = performance.now() - begunAt;
      assert(tookMs < 5_000, `${tookMs} ms with a grace of one second`);
      assertEquals(ledger.all({ what: "aborted" }).map(({ why }) => why), ["WorkerStopping"]);
      assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
      assertObjectMatch(await takeOver(scene), {
        id: receipt.id,
        fence: 2,
        crashes: 0,
        failures: 0,
      });
    },

    async [`Worker.drain() told to listen hands back after ${signal}, then passes it on`](
      scene: Scene,
    ) {
      const { tasks, ledger } = scene;
      const receipt = await tasks.work.enqueue({ ms: 0, deaf: true });
      const worker = scene.start({ grace: "1s", lease: "1h", signals: true }, "1m");
      await ledger.until({ what: "begun" });
      worker.kill(signal);
      assertEquals((await worker.ended).signal, signal);
      assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
    },

    async [`Worker.run() ends at once after ${signal} when it is idle`](scene: Scene) {
      const { ledger } = scene;
      const worker = scene.start({ grace: "1m", polling: { min: "1m", max: "1m" } });
      await ledger.until({ what: "ready" });
      const toldAt = performance.now();
      worker.kill(signal);
      assertEquals((await worker.ended).code, 0);
      assert(performance.now() - toldAt < 5_000);
    },
  });
}
