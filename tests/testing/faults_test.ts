import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Fault,
  FAULTS,
  type FaultyHandler,
  serveBreakable,
  withFaults,
} from "@dabba/queue/testing";
import { SCRIPTS } from "../../src/broker/redis/scripts/all.ts";
import { sha1 } from "../../src/broker/redis/runner.ts";

/** A handler that counts what it has done, and answers with the count. */
function counter() {
  const done: string[] = [];
  return {
    done,
    handler: async (request: Request) => {
      done.push(await request.text());
      return Response.json({ result: done.length });
    },
  };
}

function ask(faulty: FaultyHandler, body = '["incr","a"]'): Promise<Response> {
  return faulty.fetch(new Request("http://localhost/", { method: "POST", body }));
}

/** How often each is done, and what the client sees: a status, or that nothing came. */
const SEEN: Readonly<Partial<Record<Fault, [done: number, seen: number | "reset"]>>> = {
  "reset": [0, "reset"],
  "drop-reply": [1, "reset"],
  "duplicate": [2, 200],
  "error-before": [0, 500],
  "error-after": [1, 500],
  "html-before": [0, 502],
  "html-after": [1, 502],
  "throttled-before": [0, 429],
  "throttled-after": [1, 429],
  "full-before": [0, 400],
  "garbage": [1, 200],
};

for (const [fault, expected] of Object.entries(SEEN)) {
  Deno.test(`withFaults() plays ${fault}`, async () => {
    const { done, handler } = counter();
    const faulty = withFaults(handler, { rules: [{ fault: fault as Fault }] });
    const seen = await ask(faulty).then(async (reply) => {
      await reply.body?.cancel();
      return reply.status;
    }, () => "reset");
    assertEquals([done.length, seen], expected);
    assertEquals([...faulty.counts], [[`${fault} incr`, 1]]);
  });
}

Deno.test("withFaults() plays half-body: the reply begins, and breaks off", async () => {
  const { done, handler } = counter();
  const reply = await ask(withFaults(handler, { rules: [{ fault: "half-body" }] }));
  assertEquals([reply.status, done.length], [200, 1]);
  await assertRejects(() => reply.text(), TypeError);
});

Deno.test("withFaults() plays late-reply: done at once, answered later", async () => {
  const { done, handler } = counter();
  const faulty = withFaults(handler, { rules: [{ fault: "late-reply" }], lateMs: 1e8 });
  const reply = ask(faulty);
  while (done.length === 0) await new Promise((resolve) => setTimeout(resolve));
  await faulty.settle();
  assertEquals(await (await reply).json(), { result: 1 });
});

Deno.test("withFaults() plays late-run: done after the client has tried again", async () => {
  const { done, handler } = counter();
  const faulty = withFaults(handler, { rules: [{ fault: "late-run", nth: 1 }], lateMs: 1e8 });
  await assertRejects(() => ask(faulty, '["a"]'), TypeError);
  await (await ask(faulty, '["b"]')).body?.cancel();
  assertEquals(done, ['["b"]']);
  await faulty.settle();
  assertEquals(done, ['["b"]', '["a"]']);
});

for (const [fault, count] of [["no-reply", 0], ["lost-reply", 1]] as const) {
  Deno.test(`withFaults() plays ${fault}: it answers nothing until it is told to settle`, async () => {
    const { done, handler } = counter();
    const faulty = withFaults(handler, { rules: [{ fault }] });
    let answered = false;
    const reply = ask(faulty).finally(() => answered = true);
    const rejected = assertRejects(() => reply, TypeError);
    while (done.length < count || faulty.counts.size === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert(!answered);
    await faulty.settle();
    await rejected;
    assertEquals(done.length, count);
  });
}

for (const fault of ["no-reply", "lost-reply", "late-reply"] as const) {
  Deno.test(`withFaults() as a client's fetch: ${fault} ends when the client gives up`, async () => {
    const { handler } = counter();
    const faulty = withFaults(handler, { rules: [{ fault }], lateMs: 1e8 });
    const client = new AbortController();
    const init = { method: "POST", body: '["incr","a"]', signal: client.signal };
    const reply = faulty.fetch("http://localhost/", init);
    while (faulty.counts.size === 0) await new Promise((resolve) => setTimeout(resolve));
    client.abort(new DOMException("The deadline passed", "TimeoutError"));
    // Told apart by the reason: settling resets what still waits, with a TypeError.
    queueMicrotask(() => faulty.settle());
    const error = await assertRejects(() => reply, DOMException);
    assertEquals(error.name, "TimeoutError");
    await faulty.settle();
  });
}

Deno.test("withFaults() as a client's fetch takes a URL, and sends nothing that was given up", async () => {
  const { done, handler } = counter();
  const faulty = withFaults(handler);
  const init = { method: "POST", body: '["incr","a"]' };
  assertEquals((await (await faulty.fetch(new URL("http://localhost/"), init)).json()).result, 1);
  const signal = AbortSignal.abort();
  await assertRejects(() => faulty.fetch("http://localhost/", { ...init, signal }), DOMException);
  assertEquals([done.length, faulty.requests], [1, 1]);
});

for (const fault of FAULTS) {
  Deno.test(`withFaults() in front of a fetch leaves no reply open: ${fault}`, async () => {
    const { handler } = counter();
    await using server = await serveBreakable(handler);
    const open = new Set<Response>();
    const faulty = withFaults(async (request) => {
      const reply = await fetch(request);
      open.add(reply);
      return reply;
    }, { rules: [{ fault, nth: 1 }], lateMs: 0 });
    const seen = faulty.fetch(server.url, { method: "POST", body: '["incr","a"]' });
    seen.catch(() => {});
    while (faulty.counts.size === 0) await new Promise((resolve) => setTimeout(resolve));
    if (fault === "no-reply" || fault === "lost-reply") await untilSettled(faulty, seen);
    await seen.then((reply) => reply.text()).catch(() => {});
    await faulty.settle();
    assertEquals([...open].filter(({ bodyUsed }) => !bodyUsed).length, 0);
  });
}

/** What is done, and not answered, is done at its own pace. */
async function untilSettled(faulty: FaultyHandler, seen: Promise<unknown>): Promise<void> {
  let ended = false;
  seen.catch(() => {}).finally(() => ended = true);
  while (!ended) {
    await faulty.settle();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test("withFaults() draws the same from the same seed", async () => {
  const play = async (seed: number) => {
    const rules = [{ fault: "reset", probability: 0.3 }, {
      fault: "error-before",
      probability: 0.3,
    }] as const;
    const faulty = withFaults(counter().handler, { seed, rules });
    const seen = [];
    for (let i = 0; i < 30; i++) {
      seen.push(await ask(faulty).then((reply) => reply.json().then(() => reply.status), () => 0));
    }
    return seen;
  };
  assertEquals(await play(7), await play(7));
  assert(JSON.stringify(await play(7)) !== JSON.stringify(await play(8)));
  assertEquals([...new Set(await play(7))].toSorted(), [0, 200, 500]);
});

Deno.test("withFaults() knows the broker's scripts by hash and by text", async () => {
  const push = SCRIPTS.find(({ name }) => name === "push")!;
  const faulty = withFaults(counter().handler, { rules: [{ fault: "html-before", on: "push" }] });
  const locking = "#!lua flags=allow-key-locking\n" + push.source;
  for (
    const command of [
      ["EVALSHA", await sha1(push.source), "0"],
      ["eval", push.source, "0"],
      ["evalsha", await sha1(locking), "0"],
      ["eval", locking, "0"],
    ]
  ) {
    const reply = await ask(faulty, JSON.stringify(command));
    await reply.body?.cancel();
    assertEquals(reply.status, 502);
  }
  const others = [["EVALSHA", "00", "0"], ["get", "push"], ["eval", "return 1", "0"]];
  for (const command of others) {
    const reply = await ask(faulty, JSON.stringify(command));
    await reply.body?.cancel();
    assertEquals(reply.status, 200);
  }
});

Deno.test("withFaults() heals when its rules are taken away", async () => {
  const faulty = withFaults(counter().handler, { rules: [{ fault: "error-before" }] });
  await (await ask(faulty)).body?.cancel();
  faulty.rules = [];
  assertEquals((await (await ask(faulty)).json()).result, 1);
  assertEquals(faulty.requests, 2);
});

Deno.test("serveBreakable() resets and cuts what is marked", async () => {
  const { handler } = counter();
  const faulty = withFaults(handler, {
    rules: [{ fault: "drop-reply", nth: 1 }, { fault: "half-body", nth: 2 }],
  });
  await using server = await serveBreakable(faulty.handle);
  const send = () => fetch(server.url, { method: "POST", body: '["incr","a"]' });
  await assertRejects(send, TypeError);
  const half = await send();
  await assertRejects(() => half.text());
  assertEquals(await (await send()).json(), { result: 3 });
});

Deno.test("withFaults() refuses rules that mean nothing", () => {
  const handler = () => new Response();
  const bad = [{ fault: "boredom" as Fault }, { fault: "reset", probability: 2 }, {
    fault: "reset",
    nth: 0,
  }] as const;
  for (const rule of bad) assertThrows(() => withFaults(handler, { rules: [rule] }), RangeError);
  for (const fault of FAULTS) withFaults(handler, { rules: [{ fault }] });
});
