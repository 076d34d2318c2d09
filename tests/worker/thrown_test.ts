import { assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./rig.ts";

const n = z.number();

const thrown: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "a number": 7,
  "a symbol": Symbol("s"),
  "an object without a prototype": Object.create(null),
  "a frozen error": Object.freeze(new Error("cold")),
  "an error with a throwing getter": Object.defineProperty(new Error("e"), "message", {
    get: () => {
      throw new Error("no");
    },
  }),
  "an error of throwing getters": new Proxy(new Error("e"), {
    get: () => {
      throw new Error("no");
    },
  }),
  "a revoked proxy": revoked(),
  "an error with issues that are none": Object.assign(new Error("e"), { issues: [null, 1, {}] }),
  "an error whose name is a symbol": Object.assign(new Error("e"), { name: Symbol("name") }),
  "an error of a million characters": new Error("x".repeat(1_000_000)),
};

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

for (const [what, value] of Object.entries(thrown)) {
  Deno.test(`Worker.run() retries and buries a handler that throws ${what}`, async () => {
    const odd = defineTask("odd", { input: n, backoff: ["1s"] }, (_, { attempt }) => {
      if (attempt === 1) throw value;
      return Promise.reject(value);
    });
    await using rig = new Rig({ odd });
    const receipt = await rig.tasks.odd.enqueue(1);
    const running = rig.run();
    await rig.until("dead");
    await running.stop();
    const status = await receipt.status();
    assertObjectMatch(status, { state: "dead", attempts: 2 });
    assertEquals(typeof status.error?.message, "string");
    assertEquals(JSON.stringify(status).length < 10_000, true);
  });
}
