import { assertEquals, assertStringIncludes } from "@std/assert";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { warningsOf } from "../../../src/broker/sqlite/warnings.ts";
import { withTempFile } from "./temp_file.ts";

Deno.test("warningsOf() warns of an SQLite with the bug of the write-ahead log", () => {
  for (const version of ["3.51.2", "3.46.1", "3.9.2", "2.99.99", "3.51"]) {
    const [warning, ...more] = warningsOf("dabba.db", version, "wal");
    assertStringIncludes(warning!, `SQLite ${version} can damage a file`);
    assertEquals(more, []);
  }
  for (const version of ["3.51.3", "3.51.10", "3.52.0", "4.0.0"]) {
    assertEquals(warningsOf("dabba.db", version, "wal"), []);
  }
});

Deno.test("warningsOf() warns of a file without a write-ahead log", () => {
  const [warning] = warningsOf("dabba.db", "3.53.0", "delete");
  assertStringIncludes(warning!, 'its journal mode is "delete"');
  assertEquals(warningsOf(":memory:", "3.53.0", "memory"), []);
});

Deno.test("sqliteBroker() tells its warnings once", () =>
  withTempFile(async (path) => {
    const heard: string[] = [];
    const broker = sqliteBroker({ path, onWarning: (warning) => heard.push(warning) });
    await broker.stats();
    await broker.stats();
    await broker.close();
    assertEquals(heard, [...new Set(heard)]);
  }));
