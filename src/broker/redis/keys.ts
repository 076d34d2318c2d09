/** Names the keys of a namespace; one hash tag, so that a script may touch all of them. */

import { type Line, PRIORITIES, type Priority } from "../broker.ts";

/** Says how the keys are laid out; a change that old code cannot read counts it up. */
export const LAYOUT = "1";

/** Names a key of which a namespace has one. */
export type KeyName = "version" | "msg" | "lines" | "exp" | "dead" | "dedupe";

const NAMES = ["version", "msg", "lines", "exp", "dead", "dedupe", "confirm"];

/** Is the names of the keys of one namespace. */
export class Keys implements Readonly<Record<KeyName, string>> {
  /** The layout, as text. */
  declare readonly version: string;
  /** What is known of each message, each channel, and when each line has work: see `record.ts`. */
  declare readonly msg: string;
  /** The names of all lines that have ever been used. */
  declare readonly lines: string;
  /** What is to be forgotten, by when: outcomes, `@` channels, `#` dedupe keys. */
  declare readonly exp: string;
  /** The dead letters, by when they died. */
  declare readonly dead: string;
  /** Who holds which dedupe key. */
  declare readonly dedupe: string;
  /** Written after a push that is to be confirmed; it ends by itself. */
  declare readonly confirm: string;
  readonly #prefix: string;

  /** Names the keys of a namespace. */
  constructor(namespace: string) {
    this.#prefix = `{${namespace}}:`;
    for (const name of NAMES) (this as Record<string, unknown>)[name] = this.#prefix + name;
  }

  /** Fits every key of the namespace, as a pattern of Redis. */
  get all(): string {
    return this.#prefix + "*";
  }

  /** Names the sorted set of a line: ids by when they are visible. */
  due(line: string): string {
    return `${this.#prefix}due:${line}`;
  }

  /** Names the sorted sets of lines. */
  dues(lines: readonly string[]): string[] {
    return lines.map((line) => this.due(line));
  }
}

const LETTERS: Readonly<Record<Priority, string>> = { high: "h", normal: "n", low: "l" };
const LANES: Readonly<Record<string, Priority>> = { h: "high", n: "normal", l: "low" };

/** Writes a line as one word: the queue, a colon, the lane's letter. */
export function lineName({ queue, priority }: Line): string {
  const letter = LETTERS[priority];
  // Stored under a lane that nobody claims, a message would be lost.
  if (letter === undefined) throw new TypeError(`Unknown priority "${priority}"`);
  return `${queue}:${letter}`;
}

/** Reads what `lineName` wrote. */
export function parseLine(name: string): Line {
  const end = name.length - 2;
  const priority = LANES[name.slice(end + 1)];
  if (priority === undefined || name[end] !== ":") throw new TypeError(`Unknown line "${name}"`);
  return { queue: name.slice(0, end), priority };
}

/** Reads lines that come in numbers: messages claimed together are mostly of one line. */
export function lineReader(): (name: string) => Line {
  let [last, line]: [string?, Line?] = [];
  return (name) => {
    if (line === undefined || name !== last) [last, line] = [name, parseLine(name)];
    return line;
  };
}

/** Names the lines of queues, in the order in which they are served. */
export function linesOf(queues: readonly string[]): string[] {
  return [...new Set(queues)].flatMap((queue) =>
    PRIORITIES.map((priority) => lineName({ queue, priority }))
  );
}

/** Numbers lines in the order in which they are first named, for scripts to speak of. */
export class LineIndex {
  readonly #numbers = new Map<string, number>();

  /** Begins with some lines, numbered from 1. */
  constructor(lines: readonly string[] = []) {
    for (const line of lines) this.of(line);
  }

  /** Gives the number of a line. */
  of(line: string): number {
    const known = this.#numbers.get(line);
    if (known !== undefined) return known;
    this.#numbers.set(line, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  /** All lines, in the order of their numbers. */
  get lines(): string[] {
    return [...this.#numbers.keys()];
  }
}
