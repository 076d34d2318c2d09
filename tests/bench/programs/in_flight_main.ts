/** Holds many messages in flight at once, and says how many bytes of heap each of them takes. */

import { Dabba } from "../../../src/dabba.ts";
import { sayJson } from "../../support/lines.ts";
import { openWay, payload, send, type Way } from "../way.ts";

const { way, count }: { way: Way; count: number } = JSON.parse(Deno.args[0]!);
await using opened = openWay(way);
let begun = 0;
let allBegun = Promise.withResolvers<void>();
let release = Promise.withResolvers<void>();
const handler = send.handler(async () => {
  if (++begun === count) allBegun.resolve();
  await release.promise;
});
const dabba = new Dabba({ broker: opened.broker, tasks: { send: handler } });
const stop = new AbortController();
const worker = dabba.worker({ concurrency: count, signals: false });
const running = worker.run({ signal: stop.signal });

function heap(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return Deno.memoryUsage().heapUsed;
}

const settled = (number: number) => {
  let seen = 0;
  return new Promise<void>((resolve) => {
    const forget = dabba.on("succeeded", () => {
      if (++seen < number) return;
      forget();
      resolve();
    });
  });
};

/** Gives the heap while all are in flight, and when none is. */
async function fill(): Promise<readonly [number, number]> {
  begun = 0;
  allBegun = Promise.withResolvers();
  release = Promise.withResolvers();
  const done = settled(count);
  await dabba.tasks.send.enqueueMany(Array.from({ length: count }, (_, i) => payload(i)));
  await allBegun.promise;
  const full = heap();
  release.resolve();
  await done;
  return [full, heap()];
}

await fill();
const [full, empty] = await fill();
sayJson({ bytesEach: (full - empty) / count });
stop.abort();
await running;
await dabba.close();
