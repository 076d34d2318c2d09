import { assertEquals } from "@std/assert";
import { SilenceWatch } from "../../src/gateway/silence.ts";

/** A watch of 5 ms, and what comes first: its alarm, or the end of the time given. */
function watchOf(givenMs: number) {
  const first = Promise.withResolvers<string>();
  const watch = new SilenceWatch({ limitMs: 5, onSilence: () => first.resolve("silence") });
  const timer = setTimeout(() => first.resolve("nothing"), givenMs);
  const close = () => (clearTimeout(timer), watch.close());
  return { watch, first: first.promise, close };
}

Deno.test("SilenceWatch tells when nothing is answered", async () => {
  const { watch, first, close } = watchOf(2_000);
  watch.sent();
  watch.sent();
  watch.settled();
  assertEquals([await first, watch.pending], ["silence", 1]);
  close();
});

Deno.test("SilenceWatch tells nothing when all is answered", async () => {
  const { watch, first, close } = watchOf(30);
  watch.sent();
  watch.settled();
  assertEquals([await first, watch.pending, watch.silentMs], ["nothing", 0, 0]);
  close();
});
