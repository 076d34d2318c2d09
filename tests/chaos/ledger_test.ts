import { assertEquals } from "@std/assert";
import { audit, type Entry, LedgerWriter, readLedger, type What } from "./ledger.ts";

function entriesOf(...lines: [What, string, number][]): Entry[] {
  return lines.map(([what, id, fence], i) => ({ what, id, fence, pid: fence, ms: i }));
}

Deno.test("audit() finds what was acknowledged and has neither effect nor dead letter", () => {
  const entries = entriesOf(
    ...[["acknowledged", "done", 0], ["acknowledged", "gone", 0]] as [What, string, number][],
    ...[["acknowledged", "dead", 0], ["start", "done", 1]] as [What, string, number][],
    ...[["effect", "done", 1], ["start", "gone", 1]] as [What, string, number][],
  );
  assertEquals(audit(entries, new Set(["dead"])).lost, ["gone"]);
});

Deno.test("audit() counts the starts that no return explains", () => {
  const asked = entriesOf(["start", "a", 1], ["returned", "a", 1], ["start", "a", 2]);
  const unasked = entriesOf(["start", "b", 1], ["start", "b", 3], ["returned", "b", 3]);
  const { extra, starts } = audit([...asked, ...unasked], new Set());
  assertEquals(extra.map(({ id, fence }) => [id, fence]), [["b", 3]]);
  assertEquals(starts, 4);
});

Deno.test("audit() tells the extra starts of what had been done from the others", () => {
  const done = entriesOf(["start", "a", 1], ["effect", "a", 1], ["start", "a", 2]);
  const cut = entriesOf(["start", "b", 1], ["start", "b", 2], ["effect", "b", 2]);
  const { extra, redone } = audit([...done, ...cut], new Set());
  assertEquals([extra.length, redone.map(({ id }) => id)], [2, ["a"]]);
});

Deno.test("audit() finds a success that was taken from a worker that had been replaced", () => {
  const fine = entriesOf(["start", "a", 1], ["start", "a", 2], ["accepted", "a", 2]);
  const late = entriesOf(["start", "b", 1], ["start", "b", 2], ["accepted", "b", 1]);
  const twice = entriesOf(["start", "c", 1], ["accepted", "c", 1], ["accepted", "c", 1]);
  const { stale } = audit([...fine, ...late, ...twice], new Set());
  assertEquals(stale.map(({ id }) => id), ["b", "c"]);
});

Deno.test("readLedger() reads all files, without the line that a kill cut short", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dabba-ledger-" });
  try {
    for (const id of ["a", "b"]) {
      using writer = new LedgerWriter(folder);
      writer.write("start", { id, fence: 1 });
    }
    await Deno.writeTextFile(`${folder}/cut.jsonl`, `{"what":"start","id":"c`);
    const entries = await readLedger(folder);
    assertEquals(entries.map(({ id, pid }) => [id, pid]).toSorted(), [
      ["a", Deno.pid],
      ["b", Deno.pid],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
