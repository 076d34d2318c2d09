/** What a claim costs Redis while more and more messages wait: the time of its script, by SLOWLOG. */

import { atMost, figure, type Metric, type Row } from "../metric.ts";
import { exchanger, pushAll } from "../raw_broker.ts";
import { scriptTimes } from "../slowlog.ts";
import { Stage } from "../stage.ts";
import { median, quantile } from "../turns.ts";
import { openWay } from "../way.ts";

const BATCH = 100;

interface Pile {
  readonly title: string;
  readonly namespace: string;
  readonly waiting: number;
  readonly delayMs: number;
}

const DAY_MS = 86_400_000;
const THOUSAND: Pile = {
  title: "1 thousand waiting",
  namespace: "b1k",
  waiting: 1_000,
  delayMs: 0,
};
const HUNDRED_THOUSAND: Pile = {
  title: "100 thousand waiting",
  namespace: "b100k",
  waiting: 100_000,
  delayMs: 0,
};
const SHORT: readonly Pile[] = [
  THOUSAND,
  HUNDRED_THOUSAND,
  { title: "10 thousand scheduled ahead", namespace: "later", waiting: 10_000, delayMs: DAY_MS },
];
const FULL: readonly Pile[] = [
  THOUSAND,
  HUNDRED_THOUSAND,
  { title: "1 million waiting", namespace: "b1m", waiting: 1_000_000, delayMs: 0 },
  { title: "5 million waiting", namespace: "b5m", waiting: 5_000_000, delayMs: 0 },
  { title: "100 thousand scheduled ahead", namespace: "later", waiting: 100_000, delayMs: DAY_MS },
];

/** Is the metric. */
export const metric: Metric = {
  name: "backlog",
  title: "cost of a claim with a backlog",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const piles = short ? SHORT : FULL;
    await using opened = new AsyncDisposableStack();
    const brokers = piles.map(({ namespace }) => opened.use(openWay(stage.tcp, namespace)).broker);
    for (const [i, pile] of piles.entries()) {
      await pushAll(brokers[i]!, pile);
      // What is due beside what is scheduled.
      if (pile.delayMs > 0) await pushAll(brokers[i]!, THOUSAND);
      say(`${pile.title}: ${Math.round(await stage.usedBytes() / 2 ** 20)} MiB in all`);
    }
    // Settles, claims as many, and pushes as many: as many wait as before.
    const claimers = brokers.map((broker) => {
      const exchange = exchanger(broker, BATCH);
      return async () => {
        if (await exchange() !== BATCH) throw new Error(`Fewer than ${BATCH} were claimed`);
        await pushAll(broker, { waiting: BATCH, delayMs: 0 });
      };
    });
    const times: number[][] = piles.map(() => []);
    const rounds = short ? 40 : 300;
    for (let round = -rounds / 4; round < rounds; round++) {
      for (const [i, claim] of claimers.entries()) {
        const taken = await scriptTimes(stage.redis, claim);
        if (round >= 0) times[i]!.push(...taken);
      }
    }
    return word(piles, times);
  },
};

function word(piles: readonly Pile[], times: readonly number[][]): Row[] {
  const what = "settle 100 and claim 100, script time";
  const first = median(times[0]!);
  return [
    ...piles.flatMap(({ title }, i) => [
      figure(`${what}, ${title}, p50`, [median(times[i]!), "µs"]),
      figure(`${what}, ${title}, p99`, [quantile(times[i]!, 0.99), "µs"]),
    ]),
    ...piles.slice(1).map(({ title }, i) =>
      figure(`cost of a claim, ${title} against 1 thousand`, [
        median(times[i + 1]!) / first,
        "×",
      ], atMost(1.5))
    ),
  ];
}
