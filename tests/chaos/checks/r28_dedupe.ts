import { RedisBroker } from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { RejectError } from "../../../src/errors.ts";
import { defineTask } from "../../../src/task.ts";
import { type Check, fsck, ruleOfThree, type Scale } from "../check.ts";
import { passing } from "../jobs.ts";
import { type Address, type Job, work } from "../jobs.ts";
import { pause, Place } from "../store.ts";

const PRODUCERS = 100;
const TTL_MS = 600_000;
const SHORT_TTL_MS = 300;

/** What frees a key. */
const ENDINGS = ["dead", "cancelled", "expired", "its time is over"] as const;
type Ending = typeof ENDINGS[number];

export const check: Check = {
  id: "R28",
  title: "one live message of a key",
  goal:
    "exactly 1 live message, every other one gets the winner's id; the key is free after dead, " +
    "cancelled, expired and its time, and is kept when the holder's worker vanishes",
  async run(scale) {
    const rules = [{ fault: "drop-reply", probability: 0.05 }] as const;
    const faults = { rules, seed: scale.seed };
    await using place = await Place.open("redis", { faults, timeout: 2_000, deadline: 10_000 });
    const race = await run(place, scale);
    const rounds = scale.full ? 50 : 5;
    let freed = 0;
    for (let round = 0; round < rounds; round++) {
      for (const ending of ENDINGS) if (await isFreed(place, ending, `${ending} ${round}`)) freed++;
    }
    const kept = await isKept(place);
    const findings = (await fsck(place.broker)).length;
    const all = rounds * ENDINGS.length;
    const figure = `${race.adds} adds of ${PRODUCERS} producers: ${race.enqueued} enqueued, ` +
      `${race.winners} ids answered, ${race.live} live; ${freed} of ${all} keys freed; ` +
      `${kept ? "kept" : "not kept"} when the worker vanished; ${findings} findings, 5 % of ` +
      `replies lost (${ruleOfThree(race.adds)})`;
    const met = race.winners === 1 && race.live === 1 && race.enqueued >= 1 && freed === all &&
      kept && findings === 0;
    return { figure, met };
  },
};

function producerOf(address: Address): Dabba<{ work: typeof work }> {
  if (address.kind !== "redis") throw new TypeError("It plays on Redis only");
  const { url, token, namespace, timeout } = address;
  return new Dabba({
    broker: new RedisBroker({ url, token, namespace, timeout }),
    tasks: { work },
  });
}

async function run(place: Place, { full }: Scale) {
  const each = full ? 1_000 : 100;
  const job: Job = { kind: "sleep", ms: 0 };
  const dedupe = { key: "one", ttl: TTL_MS };
  const receipts = await Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      const producer = producerOf(place.address);
      const own = [];
      // In several turns, so that they are several requests.
      for (let at = 0; at < each; at += 50) {
        const some = Array.from({ length: Math.min(50, each - at) });
        own.push(
          ...await Promise.all(some.map(() => producer.tasks.work.enqueue(job, { dedupe }))),
        );
      }
      return own;
    }),
  );
  const all = receipts.flat();
  const winners = new Set(all.map(({ id }) => id));
  const { queues } = await place.broker.stats();
  return {
    adds: all.length,
    // More than one at most where the reply to the winner was lost, and asked for again.
    enqueued: all.filter(({ disposition }) => disposition === "enqueued").length,
    winners: winners.size,
    live: queues.reduce((sum, { ready, later }) => sum + ready + later, 0),
  };
}

/** Lets the holder of a key end so, and says whether the next one is a new message. */
async function isFreed(place: Place, ending: Ending, key: string): Promise<boolean> {
  const rejected = defineTask("rejected", { input: passing<null>() }, () => {
    throw new RejectError("as it should");
  });
  const dabba = new Dabba({ broker: place.broker, tasks: { rejected } });
  const ttl = ending === "its time is over" ? SHORT_TTL_MS : TTL_MS;
  const options = { dedupe: { key, ttl }, queue: "freed", delay: ending === "dead" ? 0 : "1h" };
  const add = (more = {}) => dabba.tasks.rejected.enqueue(null, { ...options, ...more });
  const expiresIn = ending === "expired" ? 50 : undefined;
  const first = await add(expiresIn ? { expiresIn, delay: 0 } : {});
  const second = await add();
  if (second.id !== first.id || second.disposition !== "duplicate") return false;
  switch (ending) {
    case "dead":
      await dabba.worker({ queues: ["freed"], signals: false }).drain();
      break;
    case "cancelled":
      await dabba.cancel(first.id);
      break;
    case "expired":
      await pause(100);
      break;
    case "its time is over":
      await pause(SHORT_TTL_MS + 50);
  }
  const third = await add();
  const free = third.id !== first.id && third.disposition === "enqueued";
  await Promise.all([first.id, third.id].map((id) => dabba.cancel(id)));
  return free;
}

/** A worker that vanishes with the holder of a key does not free it. */
async function isKept(place: Place): Promise<boolean> {
  const options = { dedupe: { key: "kept", ttl: TTL_MS }, queue: "kept" };
  const job: Job = { kind: "sleep", ms: 0 };
  const first = await place.work.enqueue(job, options);
  await place.broker.exchange({
    ...{ channel: crypto.randomUUID(), seq: 1, worker: "gone", leaseMs: 100 },
    claim: { queues: ["kept"], max: 1 },
    ...{ settle: [], extend: [], trim: 0, sweep: false },
  });
  const whileLeased = await place.work.enqueue(job, options);
  await pause(150);
  const afterwards = await place.work.enqueue(job, options);
  return whileLeased.id === first.id && afterwards.id === first.id;
}
