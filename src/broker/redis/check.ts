/** Looks through a namespace, a page at a time: lines, messages, the dead, what is to be forgotten. */

import type { CheckPage } from "../broker.ts";
import { type Told, wordFinding } from "./check_texts.ts";
import { type Keys, LineIndex } from "./keys.ts";
import type { Runner } from "./runner.ts";
import { checkLinesScript, mendLinesScript } from "./scripts/check_lines.ts";
import { checkMessagesScript, mendMessagesScript } from "./scripts/check_messages.ts";
import { checkRestScript, mendRestScript } from "./scripts/check_rest.ts";
import { checkScanScript } from "./scripts/check_scan.ts";
import { linesScript } from "./scripts/lines.ts";

/** About how many messages or entries a page looks at: their bodies go through the script's memory. */
const PAGE = 200;
/** How many lines a page looks at: each costs up to three commands. */
const LINES_AT_ONCE = 20;
const OPERATION = { operation: "check the store" };

const PARTS = ["lines", "messages", "dead", "exp", "dedupe"] as const;
type Part = typeof PARTS[number];

/** Says where a page begins; the line is for the first part only. */
interface Place {
  readonly part: Part;
  readonly cursor: string;
  readonly line: string;
}

const LOOKING = { lines: checkLinesScript, messages: checkMessagesScript, rest: checkRestScript };
const MENDING = { lines: mendLinesScript, messages: mendMessagesScript, rest: mendRestScript };
type Scripts = typeof LOOKING;

interface Seen {
  readonly told: readonly Told[];
  readonly checked: number;
  readonly next: Place | undefined;
}

/** Is the check behind `RedisBroker.check()`. */
export class Checker {
  readonly #runner: Runner;
  readonly #keys: Keys;

  constructor(runner: Runner, keys: Keys) {
    this.#runner = runner;
    this.#keys = keys;
  }

  /** Looks at one page. */
  async check(page: { readonly repair: boolean; readonly after?: string }): Promise<CheckPage> {
    const place = parsePlace(page.after);
    const { told, checked, next } = await this.#look(place, page.repair ? MENDING : LOOKING);
    return {
      findings: told.map((one) => wordFinding(one, { mended: page.repair, msg: this.#keys.msg })),
      checked,
      next: next && `${next.part} ${next.cursor} ${next.line}`.trimEnd(),
    };
  }

  #look(place: Place, scripts: Scripts): Promise<Seen> {
    if (place.part === "lines") return this.#lookAtLines(place, scripts);
    if (place.part === "messages") return this.#lookAtMessages(place, scripts);
    return this.#lookAtRest(place, scripts);
  }

  async #lookAtLines({ cursor, line }: Place, scripts: Scripts): Promise<Seen> {
    const names = await this.#runner.run(linesScript, { args: {} }, OPERATION);
    const left = [...names].sort().filter((name) => name >= line);
    const some = left.slice(0, LINES_AT_ONCE);
    if (some.length === 0) return { told: [], checked: 0, next: after("lines") };
    // A line may have been forgotten since the page before.
    const args = { cursor: some[0] === line ? cursor : "0", count: PAGE };
    const seen = await this.#runner.run(scripts.lines, { args, lines: this.#due(some) }, OPERATION);
    const at = left[seen.line - 1];
    const next = at === undefined
      ? after("lines")
      : { part: "lines", cursor: seen.cursor, line: at } as const;
    return { told: seen.told, checked: seen.checked, next };
  }

  async #lookAtMessages({ cursor }: Place, scripts: Scripts): Promise<Seen> {
    const scan = { args: { cursor, count: PAGE } };
    const { subjects, cursor: next } = await this.#runner.run(checkScanScript, scan, OPERATION);
    const lines = new LineIndex();
    const args = {
      subjects: subjects.map(({ name }) => name),
      lineOf: subjects.map(({ line }) => String(line === "" ? 0 : lines.of(line))),
    };
    const call = { args, lines: this.#due(lines.lines) };
    const told = subjects.length === 0
      ? []
      : await this.#runner.run(scripts.messages, call, OPERATION);
    return { told, checked: subjects.length, next: onward("messages", next) };
  }

  async #lookAtRest({ part, cursor }: Place, scripts: Scripts): Promise<Seen> {
    const call = { args: { part, cursor, count: PAGE } };
    const seen = await this.#runner.run(scripts.rest, call, OPERATION);
    return { ...seen, next: onward(part, seen.cursor) };
  }

  #due(lines: readonly string[]): string[] {
    return lines.map((line) => this.#keys.due(line));
  }
}

function onward(part: Part, cursor: string): Place | undefined {
  return cursor === "0" ? after(part) : { part, cursor, line: "" };
}

function after(part: Part): Place | undefined {
  const next = PARTS[PARTS.indexOf(part) + 1];
  return next && { part: next, cursor: "0", line: "" };
}

function parsePlace(text = "lines 0"): Place {
  const [part, cursor = "", line = "", ...rest] = text.split(" ");
  const known = PARTS.find((name) => name === part);
  if (known === undefined || !/^\(?[-+.\dinfe]{1,40}$/.test(cursor) || rest.length > 0) {
    throw new TypeError(`Cannot read "after": it must be the "next" of a page`);
  }
  return { part: known, cursor, line };
}
