import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Broker } from "../../../src/broker/broker.ts";
import { sqliteBroker, type SqliteBrokerOptions } from "../../../src/broker/sqlite/mod.ts";
import { BrokerError, LayoutMismatchError } from "../../../src/errors.ts";
import { message } from "../contract/messages.ts";
import { withTempFile } from "./temp_file.ts";

async function withBroker(
  options: SqliteBrokerOptions,
  play: (broker: Broker) => Promise<void>,
): Promise<void> {
  const broker = sqliteBroker(options);
  try {
    await play(broker);
  } finally {
    await broker.close();
  }
}

/** Fails unless a first call fails for good, with words that help. */
async function assertUnusable(path: string, words: string): Promise<void> {
  await withBroker({ path }, async (broker) => {
    const error = await assertRejects(() => broker.push([message("m")]), BrokerError, words);
    assertEquals([error.operation, error.retryable, error.full], ["enqueue", false, false]);
    assert(error.cause instanceof Error);
  });
}

Deno.test("sqliteBroker() opens its file at the first call", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, async (broker) => {
      await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
      await broker.stats();
      assert((await Deno.stat(path)).isFile);
    });
  }));

Deno.test("sqliteBroker() leaves no file when it is closed unused", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, () => Promise.resolve());
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("sqliteBroker() finds what it stored when opened again", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, async (broker) => {
      await broker.push([message({ id: "m", body: "kept" })]);
    });
    await withBroker({ path }, async (broker) => {
      assertEquals((await broker.read(["m"]))[0]?.body, "kept");
    });
  }));

Deno.test("sqliteBroker() writes ahead, and leaves one file when it is closed", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, async (broker) => {
      await broker.push([message("m")]);
      assert((await Deno.stat(`${path}-wal`)).size > 0);
    });
    const folder = path.slice(0, path.lastIndexOf("/"));
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
      "dabba.db",
    ]);
  }));

Deno.test("sqliteBroker() keeps namespaces of one file apart", () =>
  withTempFile(async (path) => {
    await withBroker({ path, namespace: "shop" }, (shop) =>
      withBroker({ path, namespace: "Shop" }, async (other) => {
        await shop.push([message({ id: "m", body: "of shop" })]);
        assertEquals(await other.read(["m"]), [undefined]);
        await other.push([message({ id: "m", body: "of the other" })]);
        assertEquals((await shop.read(["m"]))[0]?.body, "of shop");
      }));
  }));

Deno.test("sqliteBroker() refuses a namespace of another layout and changes no byte of it", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, async (broker) => void await broker.push([message("m")]));
    const db = new DatabaseSync(path);
    db.exec("UPDATE dabba_meta SET layout = '0'; PRAGMA journal_mode = DELETE");
    db.close();
    const before = await Deno.readFile(path);
    await withBroker({ path }, async (broker) => {
      const error = await assertRejects(() => broker.stats(), LayoutMismatchError);
      assertEquals([error.found, error.expected], ["0", "3"]);
      await assertRejects(() => broker.push([message("n")]), LayoutMismatchError, path);
    });
    assertEquals(await Deno.readFile(path), before);
    await withBroker({ path, namespace: "beside" }, async (broker) => {
      assertEquals((await broker.push([message("m")]))[0]?.disposition, "enqueued");
    });
  }));

Deno.test("sqliteBroker() lives beside an application's own tables", () =>
  withTempFile(async (path) => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE message (id TEXT); INSERT INTO message VALUES ('mine')");
    await withBroker({ path }, async (broker) => void await broker.push([message("m")]));
    assertEquals(db.prepare("SELECT count(*) AS n FROM message").get()?.n, 1);
    db.close();
  }));

Deno.test("sqliteBroker() refuses a file that is not a database and leaves it", () =>
  withTempFile(async (path) => {
    const text = "a letter, not a database\n".repeat(100);
    await Deno.writeTextFile(path, text);
    await assertUnusable(path, "is not an SQLite database; choose another path");
    assertEquals(await Deno.readTextFile(path), text);
  }));

Deno.test("sqliteBroker() refuses a folder that is not there", () =>
  withTempFile((path) => assertUnusable(`${path}/none/dabba.db`, "see that its folder exists")));

Deno.test("sqliteBroker() refuses a folder", () =>
  withTempFile((path) => assertUnusable(path.slice(0, path.lastIndexOf("/")), "cannot be opened")));

Deno.test("sqliteBroker() refuses a folder that takes no files", () =>
  assertUnusable("/proc/dabba.db", "cannot be opened; see that its folder exists and may be"));

Deno.test({
  name: "sqliteBroker() refuses a file that it may not write",
  // Root may write everything; failure_test.ts holds the words for this case everywhere.
  ignore: Deno.uid() === 0,
  fn: () =>
    withTempFile(async (path) => {
      await withBroker({ path }, async (broker) => void await broker.push([message("m")]));
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.chmod(path, 0o444);
      await Deno.chmod(folder, 0o555);
      await assertUnusable(path, "may not be written");
      await Deno.chmod(folder, 0o755);
    }),
});

Deno.test({
  name: "sqliteBroker() says which permissions Deno lacks",
  permissions: { read: false, write: false },
  fn: () => assertUnusable("/srv/dabba.db", "run with --allow-read and --allow-write"),
});

Deno.test("sqliteBroker() can be used once the cause of a failure is gone", () =>
  withTempFile(async (path) => {
    await Deno.writeTextFile(path, "not a database, for a while\n".repeat(100));
    await withBroker({ path }, async (broker) => {
      await assertRejects(() => broker.stats(), BrokerError);
      await Deno.remove(path);
      assertEquals((await broker.stats()).dead, 0);
    });
  }));

Deno.test("SqliteBroker.close() makes further calls fail for good", () =>
  withTempFile(async (path) => {
    await withBroker({ path }, async (broker) => {
      await broker.push([message("m")]);
      await broker.close();
      const error = await assertRejects(() => broker.read(["m"]), BrokerError, "is closed");
      assertEquals([error.operation, error.retryable], ["read", false]);
    });
  }));

Deno.test("sqliteBroker() refuses wrong options at construction", () => {
  const wrong: SqliteBrokerOptions[] = [
    { path: "" },
    { namespace: "" },
    { namespace: "a b" },
    { namespace: "x".repeat(65) },
    { synchronous: "off" as "full" },
  ];
  for (const options of wrong) assertThrows(() => sqliteBroker(options), TypeError);
});
