/** Networks and servers that fail: every call ends in time, and says what happened and no more. */

import { assert, assertEquals, assertMatch, assertNotMatch, assertRejects } from "@std/assert";
import type { RedisBroker } from "../../../src/broker/redis/mod.ts";
import { BrokerError } from "../../../src/errors.ts";
import { cutOff, hangUp, type Intercept } from "../../support/redis_gateway.ts";
import { message, succeed, target } from "../contract/messages.ts";
import { type HttpClient, openRig, overHttp } from "./rig.ts";

const CANARY = "canary-in-a-payload";
const OP = { id: "op", retainMs: 0 };
const REQUEST = {
  ...{ channel: "c", worker: "w", leaseMs: 1_000, trim: 0, sweep: false, extend: [] },
  claim: { queues: ["q"], max: 1 },
};

/** All calls of a broker, each with something in it that nobody may see in an error. */
const CALLS: Readonly<Record<string, (broker: RedisBroker) => Promise<unknown>>> = {
  push: (broker) => broker.push([message({ body: CANARY })]),
  exchange: (broker) => {
    const held = { id: "m", queue: "q", priority: "normal" as const, claim: "c.1", token: "" };
    const settle = [succeed({ ...held, ...message("m") } as never, { result: CANARY })];
    return broker.exchange({ ...REQUEST, seq: 1, settle });
  },
  probe: (broker) => broker.probe(["q"]),
  read: (broker) => broker.read([CANARY]),
  cancel: (broker) => broker.cancel([target("m", CANARY)], OP),
  dead: (broker) => broker.dead({ limit: 1 }),
  redrive: (broker) => broker.redrive([target(CANARY)], "op"),
  discard: (broker) => broker.discard([target("m", CANARY)], OP),
  stats: (broker) => broker.stats(),
};

interface Expected {
  readonly retryable: boolean;
  readonly words: RegExp;
  readonly secrets: readonly string[];
}

/** Fails unless each call is refused as it should be, and shows no secret. */
async function assertAllFail(broker: RedisBroker, expected: Expected): Promise<void> {
  for (const [name, call] of Object.entries(CALLS)) {
    const error = await assertRejects(() => call(broker), BrokerError);
    assertEquals([name, error.retryable, error.full], [name, expected.retryable, false]);
    assertMatch(error.message, expected.words);
    for (let link: unknown = error; link instanceof Error; link = link.cause) {
      const text = `${link.message}\n${link.stack}\n${Deno.inspect(link)}`;
      for (const secret of [CANARY, ...expected.secrets]) {
        assert(!text.includes(secret), `${name} shows a secret: ${text}`);
      }
    }
  }
}

/** Opens a rig whose broker gives up soon, behind an intercept. */
const openBroken = (client: HttpClient, intercept: Intercept, timeout = 5_000) =>
  openRig({ client, intercept, messy: true, broker: () => ({ timeout, retries: 0 }) });

const BAD_GATEWAY = `<html><title>502</title>${CANARY}</html>`;

/** What may be answered instead of a reply, a word of what is said about it, and by the status. */
const ANSWERS: Readonly<Record<string, [Intercept, RegExp, byStatus?: RegExp]>> = {
  "a connection that is reset": [() => hangUp(), /cannot be reached/],
  "a 502 page": [() => new Response(BAD_GATEWAY, { status: 502 }), /not JSON/, /in trouble/],
  "a 429 page": [() => new Response(BAD_GATEWAY, { status: 429 }), /not JSON/, /too many requests/],
  "a 404 page": [() => new Response(BAD_GATEWAY, { status: 404 }), /not JSON/],
  "a 200 page": [() => new Response(BAD_GATEWAY), /not JSON/],
  "an empty reply": [() => new Response(""), /not JSON/],
  "half a reply": [
    async (request, forward) => cutOff(await forward(request), 9),
    /cannot be reached|not JSON/,
  ],
  "a reply of nothing": [() => Response.json({ result: null }), /not a list/],
  "an empty list": [() => Response.json({ result: [] }), /missing/],
  "a word": [() => Response.json({ result: "OK" }), /not a list/],
  "a 429": [
    () => Response.json({ error: "Too Many Requests" }, { status: 429 }),
    /too many requests/,
  ],
  "a 500 with JSON of another kind": [
    () => Response.json({ message: CANARY }, { status: 500 }),
    /reason not known/,
    /in trouble/,
  ],
};

for (const [name, [intercept, words, byStatus = words]] of Object.entries(ANSWERS)) {
  overHttp(`RedisBroker takes ${name} for an outage`, async (client) => {
    await using rig = await openBroken(client, intercept);
    const secrets = [rig.server.token, rig.server.namespace];
    const said = client === "restClient" ? byStatus : words;
    await assertAllFail(rig.broker, { retryable: true, words: said, secrets });
  });
}

overHttp("RedisBroker takes no reply that was meant for another request", async (client) => {
  await using rig = await openBroken(client, () => Response.json({ result: ["=cancel", "=d"] }));
  const call = () => rig.broker.discard([target()], OP);
  const error = await assertRejects(call, BrokerError, "another request");
  assertEquals(error.retryable, true);
});

overHttp("RedisBroker takes no reply that answers for fewer entries", async (client) => {
  await using rig = await openBroken(client, () => Response.json({ result: ["=cancel", "=c"] }));
  const call = () => rig.broker.cancel([target("a"), target("b")], OP);
  await assertRejects(call, BrokerError, "another number of entries");
});

overHttp("RedisBroker gives up on a reply that never comes", async (client) => {
  const waiting: (() => void)[] = [];
  await using rig = await openBroken(client, async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return hangUp();
  }, 50);
  const secrets = [rig.server.token, rig.server.namespace];
  await assertAllFail(rig.broker, { retryable: true, words: /deadline/, secrets });
  waiting.forEach((resolve) => resolve());
});

overHttp("RedisBroker gives up on a reply whose body never ends", async (client) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(65_536));
    const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
    await connection.write(new TextEncoder().encode(`${head}{"resu`));
    // Until the client lets go.
    await connection.read(new Uint8Array(1)).catch(() => {});
  })();
  await using rig = await openRig({ client, messy: true });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  const broker = rig.reopen({ url, timeout: 100, retries: 0 });
  const error = await assertRejects(() => broker.read(["m"]), BrokerError);
  assertMatch(error.message, /deadline|cannot be reached/);
  await serving;
});

overHttp("RedisBroker says that nobody listens at the URL", async (client) => {
  await using rig = await openRig({ client, messy: true });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const broker = rig.reopen({ url: `http://127.0.0.1:${port}`, retries: 0 });
  const expected = { retryable: true, words: /refused/, secrets: [rig.server.token, `${port}`] };
  await assertAllFail(broker, expected);
});

overHttp("RedisBroker says that the token is wrong, once and for all", async (client) => {
  await using rig = await openRig({ client, messy: true });
  const broker = rig.reopen({ token: "canary-token" });
  const before = rig.server.requests;
  const expected = { retryable: false, words: /token was refused/, secrets: ["canary-token"] };
  await assertAllFail(broker, expected);
  assertEquals(rig.server.requests - before, Object.keys(CALLS).length);
});

overHttp("RedisBroker says that Redis itself is gone", async (client) => {
  await using rig = await openBroken(
    client,
    () =>
      Response.json({ error: "ERR cannot reach Redis, the command was not sent" }, { status: 503 }),
  );
  const error = await assertRejects(() => rig.broker.read(["m"]), BrokerError);
  assertEquals(error.retryable, true);
  assertNotMatch(error.message, /token/);
});

overHttp(
  "RedisBroker tries again as often as it is told, exchanges and probes never",
  async (client) => {
    await using rig = await openRig({
      client,
      messy: true,
      broker: () => ({ retries: 2 }),
      intercept: () => new Response("", { status: 502 }),
    });
    const requests: Record<string, number> = {};
    for (const [name, call] of Object.entries(CALLS)) {
      const before = rig.server.requests;
      await assertRejects(() => call(rig.broker), BrokerError);
      requests[name] = rig.server.requests - before;
    }
    const { exchange, probe, ...others } = requests;
    assertEquals([exchange, probe, new Set(Object.values(others))], [1, 1, new Set([3])]);
  },
);

overHttp("RedisBroker goes on when an outage ends before its patience", async (client) => {
  let failures = 3;
  await using rig = await openRig({
    client,
    intercept: (request, forward) =>
      failures-- > 0 ? new Response("", { status: 502 }) : forward(request),
  });
  assertEquals((await rig.stage.push("m"))[0]?.disposition, "enqueued");
});

/** Answers nothing until it is told to let go. */
function silence() {
  const waiting: (() => void)[] = [];
  const intercept: Intercept = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return hangUp();
  };
  return { intercept, letGo: () => waiting.forEach((resolve) => resolve()), waiting };
}

overHttp(
  "RedisBroker makes one request more after one without a reply, and no third",
  async (client) => {
    const { intercept, letGo, waiting } = silence();
    await using rig = await openRig({
      client,
      intercept,
      messy: true,
      broker: () => ({ timeout: 400 }),
    });
    await assertRejects(() => rig.broker.push([message("m")]), BrokerError, "deadline");
    assertEquals(waiting.length, 2);
    letGo();
  },
);

overHttp("RedisBroker ends a call at its deadline, whatever a request may take", async (client) => {
  const { intercept, letGo, waiting } = silence();
  const broker = () => ({ timeout: 2 ** 30, deadline: 50 });
  await using rig = await openRig({ client, intercept, messy: true, broker });
  await assertRejects(() => rig.broker.push([message("m")]), BrokerError, "deadline");
  await assertRejects(() => rig.stage.claim(), BrokerError, "deadline");
  assertEquals(waiting.length, 2);
  letGo();
});

overHttp("RedisBroker.push() stores what was sent again after no reply once", async (client) => {
  let lost = 1;
  const { intercept, letGo } = silence();
  await using rig = await openRig({
    client,
    broker: () => ({ timeout: 400 }),
    intercept: async (request, forward) => {
      const reply = await forward(request);
      return lost-- > 0 ? await intercept(request, forward) : reply;
    },
  });
  await rig.stage.push("m");
  assertEquals((await rig.stage.claim({ max: 2 })).map(({ id }) => id), ["m"]);
  letGo();
});

Deno.test("RedisBroker waits as long as Retry-After says, or fails at once if that is too long", async () => {
  const answers = ["0", "20"];
  await using rig = await openRig({
    client: "restClient",
    messy: true,
    intercept: () => {
      const headers = { "retry-after": answers.shift()! };
      return Response.json({ error: "ERR too many requests" }, { status: 429, headers });
    },
  });
  const error = await assertRejects(() => rig.broker.read(["m"]), BrokerError);
  assertEquals([error.retryAfterMs, answers, rig.server.requests], [20_000, [], 2]);
});
