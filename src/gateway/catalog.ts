/** What a Redis says of its commands: which only read, and where their keys are. */

import { type RedisCommand, word } from "./commands.ts";
import type { Pool } from "./pool.ts";
import type { Reply } from "./reply.ts";

/** Says where the keys of a command stand among its words, its name being number 0. */
export interface KeyPlaces {
  readonly first: number;
  /** Counted from the end if negative: -1 is the last word. */
  readonly last: number;
  readonly step: number;
}

interface Entry {
  readonly reads: boolean;
  /** Undefined where only Redis itself can tell. */
  readonly keys: KeyPlaces | undefined;
}

/** They read no key, and tell nothing of the server. */
const HARMLESS = new Set(["PING", "ECHO", "TIME"]);
/** They read every key there is; a read-only token of Upstash does not open them, either. */
const SWEEPING = new Set(["KEYS", "SCAN"]);
const CONTAINER = 9;

/** The commands of one Redis, asked for once. */
export class Catalog {
  readonly #pool: Pool;
  #loading: Promise<void> | undefined;
  #entries: ReadonlyMap<string, Entry> = new Map();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Asks Redis, unless that was done; nothing to wait for is `undefined`. */
  load(): Promise<void> | undefined {
    if (this.#entries.size > 0) return undefined;
    this.#loading ??= this.#ask().finally(() => this.#loading = undefined);
    return this.#loading;
  }

  /** Says whether Redis has a command of the name. */
  knows(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Says whether a command changes nothing, and shows no more than its keys' values. */
  reads({ name, args }: RedisCommand): boolean {
    if (HARMLESS.has(name)) return true;
    if (SWEEPING.has(name)) return false;
    const entry = this.#entries.get(`${name}|${word(args, 0)}`) ?? this.#entries.get(name);
    return entry?.reads === true;
  }

  /** Says where a command has its keys; undefined where that depends on its arguments. */
  keysOf(name: string): KeyPlaces | undefined {
    return this.#entries.get(name)?.keys;
  }

  async #ask(): Promise<void> {
    const entries = new Map<string, Entry>();
    const reply = await this.#pool.send({ name: "COMMAND", args: [] });
    for (const info of list(reply)) note(list(info), entries);
    this.#entries = entries;
  }
}

function note(info: readonly Reply[], entries: Map<string, Entry>): void {
  const flags = list(info[2]).map(text);
  const subcommands = list(info[CONTAINER]);
  const [first, last, step] = [info[3], info[4], info[5]].map(Number);
  const plain = !flags.includes("movablekeys") && subcommands.length === 0;
  entries.set(text(info[0]).toUpperCase(), {
    reads: flags.includes("readonly"),
    keys: plain ? { first: first!, last: last!, step: step! } : undefined,
  });
  for (const subcommand of subcommands) note(list(subcommand), entries);
}

function list(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function text(reply: Reply | undefined): string {
  return String(reply ?? "");
}
