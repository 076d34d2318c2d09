/** What a queue does, told as data: the same program for Deno KV and for its successor. */

// deno-lint-ignore-file no-explicit-any -- two databases whose types have nothing in common

type Db = any;
type Open = () => Promise<Db>;

/** Lets a case wait for what a handler is to be told. */
class Inbox {
  readonly got: unknown[] = [];
  #watchers: (() => void)[] = [];

  add(value: unknown): void {
    this.got.push(value);
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  async until(count: number): Promise<unknown[]> {
    while (this.got.length < count) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    return this.got;
  }
}

async function nameOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return "accepted";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Reads a key until something is there. */
async function found(db: Db, key: unknown): Promise<Db> {
  for (;;) {
    const entry = await db.get(key);
    if (entry.value !== null) return entry;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Point {
  readonly x = 1;
  #hidden = 2;
  get y(): number {
    return this.#hidden;
  }
}

function values(): unknown[] {
  const circular: Record<string, unknown> = { name: "circle" };
  circular.self = circular;
  const shared = new Date(7);
  return [
    ...["text", "", "\u0000é😀", 0, -0, 1.5, NaN, -Infinity, true, null, undefined, 2n ** 70n],
    ...[new Date(5), new Date(NaN), /a+/gi, [1, , 3], { a: undefined, b: [{}] }, circular],
    ...[new Map<unknown, unknown>([[1, new Set(["a"])], [{}, 2n]]), new Set(), [shared, shared]],
    ...[new Uint8Array([0, 255]), new Float32Array([1.5]), new BigInt64Array([-1n])],
    ...[new Uint8Array([1, 2, 3, 4]).subarray(1, 3), new ArrayBuffer(3)],
    ...[new DataView(new ArrayBuffer(2)), Object("boxed"), Object(3), Object(4n), Object(false)],
    ...[new Point(), new URL("http://localhost/"), Object.create(null), new Array(3)],
    ...[new Error("plain"), new TypeError("typed", { cause: [1] })].map((error) => {
      error.stack = `${error}`;
      return error;
    }),
  ];
}

const refusedValues: Record<string, unknown> = {
  ...{ function: () => 1, symbol: Symbol("a"), promise: Promise.resolve(1) },
  ...{ nested: { deep: [() => 1] }, weak: new WeakMap() },
};

const refusedOptions: Record<string, unknown> = {
  ...{ negative: { delay: -1 }, nan: { delay: NaN }, infinite: { delay: Infinity } },
  ...{ text: { delay: "5" }, schedule: { backoffSchedule: 5 } },
  ...{ wait: { backoffSchedule: [1, -1] }, waitNaN: { backoffSchedule: [NaN] } },
  ...{ nullSchedule: { backoffSchedule: null } },
  ...{ waitText: { backoffSchedule: ["a"] }, keys: { keysIfUndelivered: ["a"] } },
  ...{ part: { keysIfUndelivered: [[{}]] }, nullPart: { keysIfUndelivered: [["a", null]] } },
};

const acceptedOptions: Record<string, unknown> = {
  ...{ none: undefined, empty: {}, zero: { delay: 0 }, fraction: { delay: 1.5 } },
  ...{ missing: { delay: undefined, backoffSchedule: undefined, keysIfUndelivered: undefined } },
  ...{ nulls: { delay: null, keysIfUndelivered: null } },
  ...{ noRetry: { backoffSchedule: [] }, noKeys: { keysIfUndelivered: [] } },
  ...{ key: { keysIfUndelivered: [["a", 1, 2n, true, new Uint8Array([1])]] } },
};

const cases: Record<string, (db: Db) => Promise<unknown>> = {
  async "what enqueue gives"(db) {
    const [one, two] = [await db.enqueue(1), await db.enqueue(2)];
    const digits = /^[0-9a-f]+$/.test(one.versionstamp);
    return [Object.keys(one), one.ok, digits, one.versionstamp < two.versionstamp];
  },

  async "values as a handler gets them"(db) {
    const inbox = new Inbox();
    db.listenQueue(([i, value]: [number, unknown]) => inbox.add([i, value]));
    for (const [i, value] of values().entries()) await db.enqueue([i, value]);
    const got = await inbox.until(values().length) as [number, unknown][];
    return got.sort(([a], [b]) => a - b).map(([, value]) => {
      const kind = Object.prototype.toString.call(value);
      return [kind, (value as Db)?.constructor?.name, Deno.inspect(value), (value as Db)?.cause];
    });
  },

  async "a value enqueued at the top, however small"(db) {
    const inbox = new Inbox();
    db.listenQueue((value: unknown) => inbox.add(Deno.inspect(value)));
    for (const value of [undefined, null, 0, "", 5n]) await db.enqueue(value);
    return (await inbox.until(5)).sort();
  },

  async "a value is that of the call"(db) {
    const inbox = new Inbox();
    const value = { n: 1 };
    const sent = db.enqueue(value);
    value.n = 2;
    await sent;
    db.listenQueue((got: unknown) => inbox.add(got));
    return await inbox.until(1);
  },

  async "what is refused, and what is not"(db) {
    const told: Record<string, string> = {};
    for (const [name, value] of Object.entries(refusedValues)) {
      told[name] = await nameOf(() => db.enqueue(value));
    }
    for (const [name, options] of Object.entries({ ...refusedOptions, ...acceptedOptions })) {
      told[name] = await nameOf(() => db.enqueue("x", options));
    }
    return told;
  },

  async "retries, then the value under its keys"(db) {
    const attempts: string[] = [];
    db.listenQueue(({ name }: { name: string }) => {
      attempts.push(name);
      throw new Error("no");
    });
    const keys = [["u", 1], ["u", new Uint8Array([1])]];
    const options = { keysIfUndelivered: keys, backoffSchedule: [5, 10] };
    await db.enqueue({ name: "thrice" }, options);
    const entry = await found(db, ["u", 1]);
    await db.enqueue({ name: "once" }, { keysIfUndelivered: [["e"]], backoffSchedule: [] });
    await found(db, ["e"]);
    const others = [["u", new Uint8Array([1])], ["u", 1n], ["u", "1"], ["u"], ["v"]];
    const read = await Promise.all(others.map((key) => db.get(key)));
    return [
      attempts,
      [Object.keys(entry), entry.key, entry.value, typeof entry.versionstamp],
      read.map(({ key, value, versionstamp }) => [
        Deno.inspect(key),
        value,
        versionstamp === null,
      ]),
    ];
  },

  async "handlers that fail in other ways, and one that gets over it"(db) {
    const inbox = new Inbox();
    let calls = 0;
    db.listenQueue((value: string) => {
      if (value === "text") throw "a text";
      if (value === "rejects") return Promise.reject(new Error("late"));
      if (++calls === 1) throw new Error("once");
      return inbox.add(value);
    });
    const options = (key: string) => ({ keysIfUndelivered: [[key]], backoffSchedule: [5] });
    for (const value of ["text", "rejects", "recovers"]) await db.enqueue(value, options(value));
    await inbox.until(1);
    const [text, rejects] = [await found(db, ["text"]), await found(db, ["rejects"])];
    return [text.value, rejects.value, (await db.get(["recovers"])).value, calls];
  },

  async "what is under one key is the last; and it can be deleted"(db) {
    db.listenQueue(() => Promise.reject(new Error("no")));
    const key = ["k"];
    for (const value of ["first", "second"]) {
      await db.enqueue(value, { keysIfUndelivered: [key, [value]], backoffSchedule: [] });
      await found(db, [value]);
    }
    const last = (await db.get(key)).value;
    await db.enqueue("third", { keysIfUndelivered: [["alone"]], backoffSchedule: [] });
    await found(db, ["alone"]);
    await db.delete(["alone"]);
    await db.delete(["nothing"]);
    return [last, (await db.get(["alone"])).value];
  },

  async "undelivered values by prefix and range"(db) {
    db.listenQueue(() => Promise.reject(new Error("no")));
    const parts = [
      "b",
      2,
      "a",
      10n,
      true,
      1,
      new Uint8Array([9]),
      "é",
      "",
      false,
      -5,
      2n,
      -3n,
      NaN,
      -0,
      0,
    ];
    for (const [i, part] of parts.entries()) {
      await db.enqueue(i, { keysIfUndelivered: [["p", part]], backoffSchedule: [] });
    }
    await db.enqueue("other", { keysIfUndelivered: [["p"]], backoffSchedule: [] });
    for (const part of parts) await found(db, ["p", part]);
    await found(db, ["p"]);
    const read = async (selector: unknown, options?: unknown) => {
      const entries = [];
      for await (const { key, value } of db.list(selector, options)) {
        entries.push([Deno.inspect(key), value]);
      }
      return entries;
    };
    return [
      await read({ prefix: ["p"] }),
      await read({ start: ["p"], end: ["q"] }),
      await read({ prefix: ["p"] }, { limit: 2, reverse: true }),
      await read({ prefix: ["p"], start: ["p", "b"] }),
      await read({ start: ["p", 2n], end: ["p", -0] }),
      await read({ prefix: ["q"] }),
    ];
  },

  async "a delay is waited for"(db) {
    const inbox = new Inbox();
    const begunAt = Date.now();
    db.listenQueue((value: string) => inbox.add([value, Date.now() - begunAt >= 300]));
    await db.enqueue("late", { delay: 300 });
    return await inbox.until(1);
  },

  async "handlers run side by side"(db) {
    const inbox = new Inbox();
    const together = Promise.withResolvers<void>();
    let running = 0;
    db.listenQueue(async (value: number) => {
      if (++running === 20) together.resolve();
      await together.promise;
      inbox.add(value);
    });
    for (let i = 0; i < 20; i++) await db.enqueue(i);
    return (await inbox.until(20)).length;
  },

  async "two listeners share"(db) {
    const inbox = new Inbox();
    const counts = [0, 0];
    for (const i of [0, 1]) {
      db.listenQueue(() => {
        counts[i]!++;
        inbox.add(i);
      });
    }
    for (let i = 0; i < 10; i++) await db.enqueue(i);
    await inbox.until(10);
    return counts.every((count) => count > 0);
  },

  async "enqueues of one atomic operation"(db) {
    const inbox = new Inbox();
    db.listenQueue((value: unknown) => inbox.add(value));
    const done = await db.atomic().enqueue("a").enqueue("b", { delay: 1 }).commit();
    const none = await db.atomic().commit();
    const refused = await nameOf(() => db.atomic().enqueue("c", { delay: -1 }).commit());
    return [done.ok, typeof done.versionstamp, none.ok, refused, (await inbox.until(2)).sort()];
  },

  async "the end"(db) {
    const listening = db.listenQueue(() => {});
    await db.close();
    const listened = await listening;
    const fails = async (act: () => unknown) => await nameOf(act) !== "accepted";
    return [
      listened === undefined,
      await fails(() => db.enqueue("x")),
      await fails(() => db.listenQueue(() => {})),
    ];
  },
};

/** Plays all cases, each on a database of its own. */
export async function play(open: Open): Promise<Record<string, unknown>> {
  const told = await Promise.all(
    Object.entries(cases).map(async ([name, run]) => {
      const db = await open();
      const result = await run(db);
      if (name !== "the end") await db.close();
      return [name, result];
    }),
  );
  return Object.fromEntries(told);
}
