import { assert, assertEquals } from "@std/assert";
import { type CheckPage, Dabba, type Finding } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { furnish } from "./broker/check/furnish.ts";
import { openSqliteGround } from "./broker/check/ground.ts";

const finding: Finding = { id: "m", problem: "missing", detail: "it is gone", repaired: false };

Deno.test("Dabba.inspect.check() turns all pages, and tells of each thing once", async () => {
  const asked: unknown[] = [];
  const pages: CheckPage[] = [
    { findings: [finding], checked: 200, next: "second" },
    { findings: [finding, { ...finding, id: "n" }], checked: 30, next: undefined },
  ];
  const broker = sqliteBroker({ path: ":memory:" });
  broker.check = (page) => Promise.resolve((asked.push(page), pages.shift()!));
  await using dabba = new Dabba({ broker, tasks: {} });
  const { checked, findings } = await dabba.inspect.check();
  assertEquals([checked, findings.map(({ id }) => id)], [230, ["m", "n"]]);
  assertEquals(asked, [{ repair: false }, { repair: false, after: "second" }]);
});

Deno.test("Dabba.inspect.check() finds what is wrong, and mends it only when told to", async () => {
  await using ground = await openSqliteGround();
  await using dabba = new Dabba({ broker: ground.broker, tasks: {} });
  await furnish(ground.broker, 100);
  assertEquals((await dabba.inspect.check()).findings, []);
  ground.db.exec("UPDATE dabba_1_message SET visible_at = NULL WHERE id = 'ready7'");
  for (const [repair, found] of [[false, 1], [false, 1], [true, 1], [true, 0]] as const) {
    const { checked, findings } = await dabba.inspect.check({ repair });
    assert(checked > 800);
    assertEquals(findings.map(({ id, repaired }) => [id, repaired]).length, found);
    assert(findings.every(({ id, repaired }) => id === "ready7" && repaired === repair));
  }
});
