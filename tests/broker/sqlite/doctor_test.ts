import { assert, assertEquals } from "@std/assert";
import { Dabba } from "../../../mod.ts";
import { examineFile, longestMount } from "../../../src/broker/sqlite/doctor.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { MemoryBroker } from "../../../src/testing/memory_broker.ts";
import { withTempFile } from "./temp_file.ts";

const MOUNTS =
  "/dev/a / ext4 rw 0 0\nhost:/x /srv nfs4 rw 0 0\n/dev/b /srv/my\\040disk xfs rw 0 0\n";

Deno.test("longestMount() finds the file system of a folder", () => {
  const found = ["/", "/srv", "/srv/a", "/srvx", "/srv/my disk/a"].map((folder) =>
    longestMount(MOUNTS, folder)
  );
  assertEquals(found, ["ext4", "nfs4", "nfs4", "ext4", "xfs"]);
  assertEquals(longestMount("", "/"), undefined);
});

Deno.test("examineFile() says what can cost messages", () => {
  const good = {
    path: "/x.db",
    version: "3.53.0",
    journalMode: "wal",
    synchronous: "full",
  } as const;
  const levels = (more: object) =>
    examineFile({ ...good, ...more }).filter(({ text }) => !text.includes("cannot be told"))
      .map(({ level }) => level);
  assertEquals(levels({}), []);
  assertEquals(levels({ version: "3.51.2" }), ["warning"]);
  assertEquals(levels({ synchronous: "normal" }), ["note"]);
  assertEquals(levels({ path: ":memory:" }), ["danger"]);
});

Deno.test("dabba.inspect.doctor() asks the broker, and says when it knows nothing", () =>
  withTempFile(async (path) => {
    const warnings: string[] = [];
    const broker = sqliteBroker({ path, onWarning: (text) => warnings.push(text) });
    await using dabba = new Dabba({ broker, tasks: {} });
    const found = await dabba.inspect.doctor();
    assert(warnings.every((warning) => found.some(({ text }) => text === warning)));
    await using other = new Dabba({ broker: new MemoryBroker(), tasks: {} });
    assertEquals((await other.inspect.doctor()).map(({ level }) => level), ["note"]);
  }));
