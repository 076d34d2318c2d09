/** Reads a request's address: the path may name a route, or be a command of its own. */

import { type Argument, CommandError } from "./commands.ts";

/** Is an address, taken apart. */
export interface Address {
  /** The parts of the path, decoded. */
  readonly path: readonly Argument[];
  /** The parameters of the query as arguments: `?EX=100&NX` is `EX`, `100`, `NX`. */
  readonly query: readonly Argument[];
  /** The token, if it came as the parameter `_token`. */
  readonly token: string | undefined;
}

/**
 * Takes a URL apart.
 *
 * @throws {CommandError} if it holds a `%` that is not followed by two hexadecimal digits.
 */
export function readAddress(url: string): Address {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const [path = "", search] = start === -1 ? [] : splitOnce(url.slice(start + 1), "?");
  const query: Argument[] = [];
  let token: string | undefined;
  for (const parameter of search ? search.replaceAll("+", "%20").split("&") : []) {
    const [name, value = ""] = splitOnce(parameter, "=").map(decode);
    if (name === "_token") token = typeof value === "string" ? value : "";
    else query.push(...[name!, value].filter((part) => part.length > 0));
  }
  return { path: path === "" ? [] : path.split("/").map(decode), query, token };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): Argument {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeBytes(text);
  }
}

/** What is no UTF-8 is a value all the same. */
function decodeBytes(text: string): Uint8Array {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new CommandError("ERR failed to parse path: % must be followed by two hex digits");
  }
  const bytes: number[] = [];
  for (const [part] of text.matchAll(/%..|[^%]+/gs)) {
    if (part[0] === "%") bytes.push(parseInt(part.slice(1), 16));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return Uint8Array.from(bytes);
}
