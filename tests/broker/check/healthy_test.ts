/** A store that nobody has damaged: nothing is found, whatever was done, and while it is being done. */

import { assert, assertEquals } from "@std/assert";
import { Side } from "../contract/commands.ts";
import { Generator } from "../contract/generator.ts";
import type { OpenHarness } from "../contract/harness.ts";
import { playStep } from "../contract/play.ts";
import { Random } from "../contract/random.ts";
import { openHttp } from "../redis/harness.ts";
import { openFile } from "../sqlite/harness.ts";
import { checkAll } from "./pages.ts";

const STORES: Readonly<Record<string, OpenHarness>> = { redis: openHttp, sqlite: openFile };

for (const [name, open] of Object.entries(STORES)) {
  for (const repair of [false, true]) {
    Deno.test(`Broker.check() with repair ${repair} finds nothing after random commands [${name}]`, async () => {
      const harness = await open();
      try {
        for (const seed of [1, 2, 3]) {
          const generator = new Generator(new Random(seed));
          const side = new Side(harness);
          for (let step = 1; step <= 200; step++) {
            await playStep(generator, side);
            if (step % 10 > 0) continue;
            const before = await side.look(generator.ids);
            const { findings, checked } = await checkAll(harness.broker, repair);
            assertEquals(findings, [], `seed ${seed}, step ${step}`);
            assert(checked > 0);
            assertEquals(await side.look(generator.ids), before);
          }
        }
      } finally {
        await harness.close();
      }
    });
  }
}
