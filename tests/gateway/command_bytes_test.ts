import { assertEquals } from "@std/assert";
import { commandBytes } from "../../src/gateway/command_bytes.ts";
import type { Argument } from "../../src/gateway/commands.ts";

function written(...args: Argument[]): string {
  const bytes = commandBytes({ name: "SET", args });
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

Deno.test("commandBytes() counts the length of each argument in bytes", () => {
  assertEquals(written(), "*1\r\n$3\r\nSET\r\n");
  assertEquals(written("", "a\r\nb"), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
  assertEquals(
    written("a", "é", "b"),
    "*4\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\xc3\xa9\r\n$1\r\nb\r\n",
  );
  assertEquals(written("✓😀"), "*2\r\n$3\r\nSET\r\n$7\r\n\xe2\x9c\x93\xf0\x9f\x98\x80\r\n");
});

Deno.test("commandBytes() writes half of a surrogate pair as U+FFFD, also where the other half follows", () => {
  const replaced = "$3\r\n\xef\xbf\xbd\r\n";
  assertEquals(written("\ud83d", "\ude00"), `*3\r\n$3\r\nSET\r\n${replaced}${replaced}`);
});

Deno.test("commandBytes() takes bytes that are no text, beside text that is not ASCII", () => {
  const bytes = Uint8Array.of(0xff, 0, 0x0d, 0x0a);
  assertEquals(
    written("a", bytes, "é", new Uint8Array(0)),
    "*5\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\xff\0\r\n\r\n$2\r\n\xc3\xa9\r\n$0\r\n\r\n",
  );
});

Deno.test("commandBytes() writes a name that is not ASCII", () => {
  const bytes = commandBytes({ name: "É", args: ["a"] });
  assertEquals(new TextDecoder().decode(bytes), "*2\r\n$2\r\nÉ\r\n$1\r\na\r\n");
});
