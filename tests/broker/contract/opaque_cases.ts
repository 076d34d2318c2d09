import { assertEquals } from "@std/assert";
import { bury, renewal, retry, succeed, target } from "./messages.ts";
import type { Cases } from "./stage.ts";

/** Texts that stores, clients and scripts like to change on the way. */
const HOSTILE: Readonly<Record<string, string>> = {
  nothing: "",
  nul: "a\0b\0",
  emoji: "naïve 👩‍👩‍👧 🧨",
  byteOrderMark: "\uFEFFtext",
  byteOrderMarkAndNul: "\uFEFF\0",
  surrogateEscape: String.raw`{"x":"\ud83d","y":"\udc00"}`,
  whitespace: " \r\n\t\u2028 ",
  quotes: `'; DROP TABLE m; -- "\\`,
  zeroPadded: "007",
  exponent: "1e3",
  bigInteger: "12345678901234567890",
  yes: "true",
  none: "null",
  emptyList: '{"a":[],"n":130775545883395173}',
  protocol: "*1\r\n$4\r\nPING\r\n",
  base64: "aGVsbG8=",
  large: "é👍x\n".repeat(32_768),
};

const NAMES: readonly string[] = ["1e3", "007", "true", "null", "a:b", "-", ".", "__proto__", "0"];
const QUEUES: readonly string[] = ["a:h", "a", "a.b", "h", "1e3", "null", "__proto__", "a:n"];

/** Bodies, results, journals and progress come back byte for byte; names are only names. */
export const opaqueCases: Cases = {
  "push() keeps bodies byte for byte": async (stage) => {
    const entries = Object.entries(HOSTILE);
    await stage.push(...entries.map(([id, body]) => ({ id, body })));
    const claimed = await stage.claim();
    assertEquals(claimed.map(({ id, body }) => [id, body]), entries);
    const records = await stage.broker.read(Object.keys(HOSTILE));
    assertEquals(records.map((record) => record?.body), Object.values(HOSTILE));
  },
  "exchange() keeps results byte for byte": async (stage) => {
    await stage.push(...Object.keys(HOSTILE));
    const claimed = await stage.claim();
    await stage.settle(...claimed.map((one) => succeed(one, { result: HOSTILE[one.id]! })));
    const records = await stage.broker.read(Object.keys(HOSTILE));
    assertEquals(records.map((record) => record?.result), Object.values(HOSTILE));
  },
  "exchange() keeps journals byte for byte": async (stage) => {
    await stage.push(...Object.keys(HOSTILE));
    const first = await stage.claim();
    await stage.settle(...first.map((one) => retry(one, { journal: HOSTILE[one.id]! })));
    const second = await stage.claim();
    assertEquals(second.map(({ journal }) => journal), Object.values(HOSTILE));
    await stage.settle(...second.map((one) => bury(one, { journal: `2${HOSTILE[one.id]!}` })));
    const { letters } = await stage.broker.dead({ limit: 100 });
    assertEquals(
      Object.fromEntries(letters.map(({ id, journal }) => [id, journal.slice(1)])),
      HOSTILE,
    );
  },
  "exchange() keeps progress byte for byte": async (stage) => {
    await stage.push(...Object.keys(HOSTILE));
    const claimed = await stage.claim();
    await stage.extend(...claimed.map((one) => renewal(one, HOSTILE[one.id]!)));
    const records = await stage.broker.read(Object.keys(HOSTILE));
    assertEquals(records.map((record) => record?.progress), Object.values(HOSTILE));
  },
  "cancel() keeps results byte for byte": async (stage) => {
    const entries = Object.entries(HOSTILE);
    await stage.push(...Object.keys(HOSTILE));
    await stage.broker.cancel(
      entries.map(([id, result]) => target(id, result)),
      { id: "op", retainMs: 0 },
    );
    const records = await stage.broker.read(Object.keys(HOSTILE));
    assertEquals(records.map((record) => record?.result), Object.values(HOSTILE));
  },
  "push() takes ids that look like something else": async (stage) => {
    await stage.push(...NAMES);
    const claimed = await stage.claim();
    assertEquals(claimed.map(({ id }) => id), [...NAMES]);
    assertEquals(await stage.settle(...claimed.map((one) => succeed(one))), NAMES.map(() => "ok"));
    assertEquals(await stage.states(...NAMES), NAMES.map(() => "succeeded"));
  },
  "push() takes names of 64 characters": async (stage) => {
    const [id, queue] = ["i".repeat(64), "q".repeat(64)];
    await stage.push({ id, queue });
    const delivery = await stage.claimOne({ queues: [queue], worker: "w".repeat(64) });
    assertEquals([delivery.id, delivery.queue], [id, queue]);
  },
  "exchange() keeps queues apart whose names resemble keys": async (stage) => {
    for (const queue of QUEUES) {
      for (const priority of ["high", "normal", "low"] as const) {
        await stage.push({ id: `${queue}-${priority}`, queue, priority });
      }
    }
    for (const queue of QUEUES) {
      const claimed = await stage.claim({ queues: [queue] });
      assertEquals(claimed.map(({ id }) => id), [
        `${queue}-high`,
        `${queue}-normal`,
        `${queue}-low`,
      ]);
    }
  },
  "stats() keeps queues apart whose names resemble keys": async (stage) => {
    await stage.push(...QUEUES.map((queue) => ({ id: `in-${queue}`, queue })));
    const { queues } = await stage.broker.stats();
    assertEquals(
      queues.map(({ queue, ready }) => [queue, ready]),
      [...QUEUES].sort().map(
        (queue) => [queue, 1],
      ),
    );
  },
};
