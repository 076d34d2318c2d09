import { assert, assertEquals } from "@std/assert";
import { Versionstamps } from "../../src/kv_queue/versionstamp.ts";

Deno.test("Versionstamps.next() grows, also within one millisecond", () => {
  const stamps = new Versionstamps();
  const drawn = Array.from({ length: 2_000 }, () => stamps.next());
  assert(drawn.every((stamp) => /^[0-9a-f]{32}$/.test(stamp)));
  assertEquals(drawn, [...new Set(drawn)].sort());
});
