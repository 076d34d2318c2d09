/** Pushes messages to a broker, settles and claims them all, and says how many a second. */

import { sayJson } from "../../support/lines.ts";
import { exchanger, pushAll } from "../raw_broker.ts";
import { openWay, type Way } from "../way.ts";

const BATCH = 100;
/** As many as a worker has. */
const CHANNELS = 2;

const { way, messages }: { way: Way; messages: number } = JSON.parse(Deno.args[0]!);
await using opened = openWay(way);
const { broker } = opened;

async function perSecond(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return messages / (performance.now() - startedAt) * 1_000;
}

async function exchangeAll(): Promise<void> {
  const exchange = exchanger(broker, BATCH);
  while (await exchange() > 0);
}

const pushedPerSecond = await perSecond(() =>
  pushAll(broker, { waiting: messages, delayMs: 0, batch: BATCH })
);
const exchangedPerSecond = await perSecond(() =>
  Promise.all(Array.from({ length: CHANNELS }, exchangeAll))
);
sayJson({ pushedPerSecond, exchangedPerSecond });
