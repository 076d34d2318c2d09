import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { SqliteBroker } from "../../../src/broker/sqlite/sqlite_broker.ts";
import { BrokerError } from "../../../src/errors.ts";
import { message } from "../contract/messages.ts";
import { withTempFile } from "./temp_file.ts";

/** Takes the write lock of a file, as another process would; gives the word that returns it. */
function lock(path: string): () => void {
  const db = new DatabaseSync(path);
  db.exec("BEGIN IMMEDIATE");
  return () => db.close();
}

Deno.test("SqliteBroker.push() waits for the lock while the process runs on", () =>
  withTempFile(async (path) => {
    const broker = sqliteBroker({ path });
    await broker.stats();
    const unlock = lock(path);
    let pushed = false;
    const pushing = broker.push([message("m")]).then(() => pushed = true);
    // Runs although the call waits: it waits without holding the event loop.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(pushed, false);
    unlock();
    await pushing;
    assertEquals((await broker.read(["m"]))[0]?.state, "ready");
    await broker.close();
  }));

Deno.test("sqliteBroker() waits for the lock also to create its tables", () =>
  withTempFile(async (path) => {
    const unlock = lock(path);
    const broker = sqliteBroker({ path });
    const pushing = broker.push([message("m")]);
    unlock();
    assertEquals((await pushing)[0]?.disposition, "enqueued");
    await broker.close();
  }));

Deno.test("SqliteBroker.read() needs no lock", () =>
  withTempFile(async (path) => {
    const broker = new SqliteBroker({ ...options(path), lockPatienceMs: 0 });
    await broker.push([message("m")]);
    const unlock = lock(path);
    assertEquals((await broker.read(["m"]))[0]?.state, "ready");
    assertEquals(await broker.probe(["none"]), undefined);
    assertEquals((await broker.stats()).dead, 0);
    unlock();
    await broker.close();
  }));

Deno.test("SqliteBroker.push() gives up on a lock that never comes, and may be sent again", () =>
  withTempFile(async (path) => {
    const broker = new SqliteBroker({ ...options(path), lockPatienceMs: 0 });
    await broker.stats();
    const unlock = lock(path);
    const error = await assertRejects(
      () => broker.push([message("m")]),
      BrokerError,
      "another process holds the lock",
    );
    assertEquals([error.retryable, error.full], [true, false]);
    unlock();
    assertEquals(await broker.read(["m"]), [undefined]);
    assertEquals((await broker.push([message("m")]))[0]?.disposition, "enqueued");
    await broker.close();
  }));

Deno.test("SqliteBroker.close() ends a call that waits for the lock", () =>
  withTempFile(async (path) => {
    const broker = sqliteBroker({ path });
    await broker.stats();
    const unlock = lock(path);
    const pushing = assertRejects(() => broker.push([message("m")]), BrokerError, "is closed");
    await broker.close();
    await pushing;
    unlock();
  }));

function options(path: string) {
  return { path, namespace: "dabba", synchronous: "full", clock: Date.now } as const;
}
