import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../src/gateway/connection_error.ts";
import { FrameCutter } from "../../src/gateway/frames.ts";

/** As Redis sends them: each kind, empty and null ones, lists in lists, a line break in a value. */
const FRAMES = [
  "+OK\r\n",
  "-ERR no such key\r\n",
  ":-9223372036854775808\r\n",
  "$0\r\n\r\n",
  "$-1\r\n",
  "*-1\r\n",
  "*0\r\n",
  "$12\r\nab\r\n$5\r\nñé\r\n",
  "*3\r\n*2\r\n$1\r\na\r\n*0\r\n-ERR in a list\r\n*1\r\n*1\r\n:1\r\n",
  "+PONG\r\n",
];
const SENT = new TextEncoder().encode(FRAMES.join(""));

function cut(chunks: readonly Uint8Array[]): string[] {
  const cutter = new FrameCutter();
  const frames: string[] = [];
  for (const chunk of chunks) {
    cutter.push(chunk, (frame) => frames.push(new TextDecoder().decode(frame)));
    // The socket uses its memory again, too.
    chunk.fill(0);
  }
  return frames;
}

Deno.test("FrameCutter.push() cuts replies apart, wherever the chunks end", () => {
  for (let size = 1; size <= SENT.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < SENT.length; at += size) chunks.push(SENT.slice(at, at + size));
    assertEquals(cut(chunks), FRAMES, `chunks of ${size} bytes`);
  }
  for (let at = 0; at <= SENT.length; at++) {
    assertEquals(cut([SENT.slice(0, at), SENT.slice(at)]), FRAMES, `a cut at byte ${at}`);
  }
});

Deno.test("FrameCutter.push() gathers values longer than it keeps memory for, and goes on", () => {
  const long = `$3000000\r\n${"x".repeat(3_000_000)}\r\n`;
  const sent = new TextEncoder().encode(`+a\r\n${long}${long}:1\r\n`);
  const chunks = Array.from({ length: Math.ceil(sent.length / 65_536) }, (_, i) => {
    return sent.slice(i * 65_536, (i + 1) * 65_536);
  });
  assertEquals(cut(chunks) as unknown, ["+a\r\n", long, long, ":1\r\n"]);
});

Deno.test("FrameCutter.push() takes lists of any depth", () => {
  const nested = `${"*1\r\n".repeat(1_000_000)}:1\r\n`;
  assertEquals(cut([new TextEncoder().encode(`${nested}+OK\r\n`)]).length, 2);
});

Deno.test("FrameCutter.push() throws where no reply begins", () => {
  for (const sent of ["HTTP/1.1 200 OK\r\n", "+OK\r\nx", "*2\r\n:1\r\n\r\n"]) {
    assertThrows(() => cut([new TextEncoder().encode(sent)]), ProtocolError, "a reply begins with");
  }
});
