/** Defines Lua scripts whose keys and arguments have names and types. */

import type { KeyName } from "./keys.ts";
import type { ReplyReader } from "./reply.ts";

/** How an argument looks to Lua: a text, a number, a boolean, a table of texts. */
export type ArgType = "string" | "number" | "flag" | "list";

/** Is what an argument of a type in TypeScript is in Lua. */
type ArgTypeOf<Value> = Value extends string ? "string"
  : Value extends number ? "number"
  : Value extends boolean ? "flag"
  : "list";

type ArgValue = string | number | boolean | readonly string[];

/**
 * Says what a script does to the store. One that adds begins with a write that a full Redis refuses;
 * one that releases can be told to begin with a delete, and then a full Redis lets it run to its end.
 */
export type Access = "read" | "add" | "release";

/** What a script is defined by. */
export interface ScriptSpec<Args, Result> {
  /** Its name; a reply bears it, so that one of another script is not taken for it. */
  readonly name: string;
  /** The keys it touches; `due` is bound to the sorted sets of its lines, besides. */
  readonly keys: readonly KeyName[];
  /** Its arguments, in this order. Lists come last. */
  readonly args: { readonly [Name in keyof NoInfer<Args>]: ArgTypeOf<NoInfer<Args>[Name]> };
  /** Lua, in which each key and each argument is a local of its name. */
  readonly body: string;
  /** What it does; the first one that writes to a namespace notes the layout. */
  readonly access: Access;
  /** Reads the reply behind the name; `args` is what was asked. */
  readonly decode: (reply: ReplyReader, args: Args) => Result;
}

/** Is what one run of a script is given; `lines` are bound to `due`, numbered from 1. */
export interface ScriptCall<Args> {
  readonly args: Args;
  readonly lines?: readonly string[];
}

/** Is a script ready to be sent. */
export interface Script<Args, Result> {
  readonly name: string;
  readonly keys: readonly KeyName[];
  readonly source: string;
  readonly access: Access;
  /** Writes the arguments that come after those which every script has. */
  readonly encode: (args: Args) => string[];
  readonly decode: (reply: ReplyReader, args: Args) => Result;
}

/** The arguments that every script has. */
export interface CommonArgs {
  /** The time in milliseconds, or empty for the server's. */
  readonly clock: string;
  /** The layout to insist on, or empty when that was done before. */
  readonly layout: string;
  /** Whether Redis is full, so that only a script which begins with a delete may go on. */
  readonly full: boolean;
}

/** Writes the arguments that every script has. */
export function encodeCommon({ clock, layout, full }: CommonArgs): string[] {
  return [clock, layout, full ? "1" : "0"];
}

/** Where a script's own arguments begin, behind those that every script has. */
const FIRST = 4;

/** Makes a script of its parts. */
export function defineScript<Args, Result>(
  spec: ScriptSpec<Args, Result>,
): Script<Args, Result> {
  const { name, keys, args, body, access, decode } = spec;
  const types = Object.entries<ArgType>(args);
  return {
    name,
    keys,
    access,
    decode,
    source: [...bindKeys(keys), ...bindArgs(types), ...checkLayout(access), body].join("\n"),
    encode: (values) =>
      types.flatMap(([arg, type]) => encodeArg(type, values[arg as keyof Args] as ArgValue)),
  };
}

function bindKeys(keys: readonly string[]): string[] {
  const slots = keys.map((_, index) => `KEYS[${index + 1}]`);
  return [
    `local ${keys.join(", ")} = ${slots.join(", ")}`,
    // More would not fit on Lua's stack.
    "local function slice(list, first, last)",
    "  if last < first + 4000 then return { unpack(list, first, last) } end",
    "  local part = {}",
    "  for i = first, last do part[i - first + 1] = list[i] end",
    "  return part",
    "end",
    `local due = slice(KEYS, ${keys.length + 1}, #KEYS)`,
  ];
}

function bindArgs(types: readonly [string, ArgType][]): string[] {
  const single = types.filter(([, type]) => type !== "list");
  const lines = [
    'local clock, layout, full = ARGV[1], ARGV[2], ARGV[3] == "1"',
    ...single.map(([name, type], index) => bindArg(name, type, `ARGV[${FIRST + index}]`)),
  ];
  const lists = types.slice(single.length);
  if (lists.length === 0) return lines;
  return [
    ...lines,
    `local at = ${FIRST + single.length}`,
    ...lists.map(([name]) =>
      `local ${name} = slice(ARGV, at + 1, at + ARGV[at]) at = at + #${name} + 1`
    ),
  ];
}

function bindArg(name: string, type: ArgType, slot: string): string {
  switch (type) {
    case "number":
      return `local ${name} = tonumber(${slot})`;
    case "flag":
      return `local ${name} = ${slot} == "1"`;
    default:
      return `local ${name} = ${slot}`;
  }
}

// Once a script has deleted something, even nothing, a full Redis lets it run to its end.
function checkLayout(access: Access): string[] {
  return [
    ...(access === "release" ? ['if full then redis.call("HDEL", msg, "/") end'] : []),
    'if layout ~= "" then',
    '  local found = redis.call("GET", version)',
    '  if found and found ~= layout then return { "=layout", "=" .. found } end',
    ...(access === "read" ? [] : ['  if not found then redis.call("SET", version, layout) end']),
    "end",
  ];
}

function encodeArg(type: ArgType, value: ArgValue): string[] {
  if (type === "list") {
    const items = value as readonly string[];
    return [String(items.length), ...items];
  }
  if (type === "flag") return [value ? "1" : "0"];
  return [String(value)];
}
