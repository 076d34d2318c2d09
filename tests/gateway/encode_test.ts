/** What Redis answers, as the bytes that it sends, and what a client is told. */

import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { encodeBase64, encodeText } from "../../src/gateway/encode.ts";

function bulk(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
}

function list(...items: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

const line = (text: string) => Buffer.from(`${text}\r\n`);

/** Stands between the bytes of the case: it makes the rest of the reply one of many-byte characters. */
const WIDE = bulk("é✓😀");

const TEXTS: Readonly<Record<string, [sent: string | Uint8Array, json: string]>> = {
  "an empty string": ["", '""'],
  "what JSON escapes": ['"\\/\b\f\n\r\t', '"\\"\\\\/\\b\\f\\n\\r\\t"'],
  "control characters": ["\0\x01\x1f\x7f", '"\\u0000\\u0001\\u001f\x7f"'],
  "the line breaks of JavaScript": ["a\u2028b\u2029c", '"a\u2028b\u2029c"'],
  "characters of two, three and four bytes": ["é✓😀", '"é✓😀"'],
  "a byte order mark": ["\ufeffa", '"\ufeffa"'],
  "bytes that are no UTF-8": [Uint8Array.of(0xff, 0x41, 0xfe), '"\ufffdA\ufffd"'],
  "a character cut after one byte": [Uint8Array.of(0x41, 0xc3), '"A\ufffd"'],
  "a character cut after two bytes": [Uint8Array.of(0xe2, 0x9c), '"\ufffd"'],
  "a character cut after three bytes": [Uint8Array.of(0xf0, 0x9f, 0x98), '"\ufffd"'],
  "bytes that follow nothing": [Uint8Array.of(0x80, 0x80), '"\ufffd\ufffd"'],
  "half of a surrogate pair": [Uint8Array.of(0xed, 0xa0, 0x80), '"\ufffd\ufffd\ufffd"'],
  "an overlong slash": [Uint8Array.of(0xc0, 0xaf), '"\ufffd\ufffd"'],
  "what looks like a reply": ["$3\r\nabc\r\n", '"$3\\r\\nabc\\r\\n"'],
};

for (const [what, [sent, json]] of Object.entries(TEXTS)) {
  Deno.test(`encodeText() writes ${what}, alone and beside any other`, () => {
    const reply = bulk(sent);
    assertEquals(encodeText(reply), json);
    assertEquals(encodeText(list(reply, bulk("a"), reply)), `[${json},"a",${json}]`);
    assertEquals(encodeText(list(WIDE, reply, bulk("a"))), `["é✓😀",${json},"a"]`);
  });

  Deno.test(`encodeBase64() keeps the bytes of ${what}`, () => {
    const base64 = JSON.stringify(Buffer.from(sent).toString("base64"));
    assertEquals(encodeBase64(bulk(sent)), base64);
    assertEquals(encodeBase64(list(WIDE, bulk(sent))), `["w6ninJPwn5iA",${base64}]`);
  });
}

Deno.test("encodeText() keeps all digits of an integer, beside strings too", () => {
  for (
    const digits of [
      ...["0", "-1", "9007199254740991", "-9007199254740991", "9007199254740992"],
      ...["9007199254740993", "9223372036854775807", "-9223372036854775808"],
    ]
  ) {
    assertEquals(encodeText(line(`:${digits}`)), digits);
    const beside = list(bulk('é"'), list(line(`:${digits}`), line("$-1")), bulk("a"));
    assertEquals(encodeText(beside), `["é\\"",[${digits},null],"a"]`);
    assertEquals(encodeBase64(beside), `["w6ki",[${digits},null],"YQ=="]`);
  }
});

Deno.test("encodeText() writes nulls, empty lists, lists in lists, and an error in one as its text", () => {
  const reply = list(line("$-1"), line("*-1"), list(), list(list(line("-ERR é")), line("+OK")));
  assertEquals(encodeText(reply), '[null,null,[],[["ERR é"],"OK"]]');
  assertEquals(encodeBase64(reply), '[null,null,[],[["ERR é"],"OK"]]');
  assertEquals(encodeText(line("*0")), "[]");
});

Deno.test("encodeBase64() leaves OK as it is, and nothing else", () => {
  const reply = list(bulk("OK"), line("+OK"), bulk("ok"), bulk("OKK"), line("+PONG"));
  assertEquals(encodeBase64(reply), '["OK","OK","b2s=","T0tL","UE9ORw=="]');
});
