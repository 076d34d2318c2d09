/** Dead letters: list them, send them round again, throw them away. */

import { type Broker, MAX_BATCH, type MessageRecord } from "./broker/broker.ts";
import { checkKnown, type Known } from "./known_options.ts";
import { randomId } from "./message/id.ts";
import { encodeStopped } from "./message/result.ts";
import { type MessageStatus, toStatus } from "./status.ts";

/** Says which dead letters are meant. */
export type DeadLetterChoice =
  | { readonly id: string }
  | { readonly ids: readonly string[] }
  | { readonly task: string }
  | { readonly all: true };

/** Says which part of the dead letters to list. */
export interface DeadLetterQuery {
  /** Only those of one task. */
  readonly task?: string;
  /** How many at most, 1 to 1,000. @default 100 */
  readonly limit?: number;
  /** Where to go on: the `next` of the page before. */
  readonly after?: string;
}

/** Is one page of dead letters, newest first. */
export interface DeadLetterPage {
  /** The letters, with their errors and histories. */
  readonly letters: readonly MessageStatus[];
  /** Where the next page begins; undefined after the last. A page may be short and have a next. */
  readonly next: string | undefined;
  /** How many dead letters there are in all, of any task. */
  readonly total: number;
}

const QUERY: Known<DeadLetterQuery> = { task: true, limit: true, after: true };

/** A page holds whole messages, of up to 256 KiB each: this many go through a slow line in time. */
const PAGE = 25;

const DISCARDED_RETAIN_MS = 3_600_000;

/** Lists dead letters. */
export async function listDead(broker: Broker, query: DeadLetterQuery): Promise<DeadLetterPage> {
  checkKnown(query, QUERY, "list dead letters");
  const { task, limit = 100, after } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_BATCH) {
    throw new RangeError(`Cannot list ${limit} dead letters: limit must be from 1 to ${MAX_BATCH}`);
  }
  const page = await broker.dead({ limit, ...(after === undefined ? {} : { after }) });
  const letters = page.letters.map(toStatus);
  return {
    letters: task === undefined ? letters : letters.filter((letter) => letter.task === task),
    next: page.next,
    total: page.total,
  };
}

/** Sends dead letters round again with fresh budgets; gives how many went. */
export async function redriveDead(broker: Broker, choice: DeadLetterChoice): Promise<number> {
  const op = randomId();
  return await each(broker, choice, async (records) => {
    const words = await broker.redrive(records, op);
    return words.filter((word) => word === "redriven").length;
  });
}

/** Throws dead letters away; gives how many went. */
export async function discardDead(broker: Broker, choice: DeadLetterChoice): Promise<number> {
  const op = { id: randomId(), retainMs: DISCARDED_RETAIN_MS };
  return await each(broker, choice, async (records) => {
    const words = await broker.discard(records.map(withResult), op);
    return words.filter((word) => word === "discarded").length;
  });
}

function withResult(record: MessageRecord): MessageRecord {
  const { task, error } = toStatus(record);
  const reason = error ?? { name: "DiscardedError", message: "It was discarded" };
  return { ...record, result: encodeStopped(task, reason) };
}

async function each(
  broker: Broker,
  choice: DeadLetterChoice,
  act: (records: readonly MessageRecord[]) => Promise<number>,
): Promise<number> {
  let count = 0;
  for await (const records of find(broker, readChoice(choice))) {
    if (records.length > 0) count += await act(records);
  }
  return count;
}

type Chosen = { readonly ids: ReadonlySet<string> } | { readonly task: string | undefined };

// In full: a choice that says nothing, such as `{ task: undefined }`, must not mean all of them.
function readChoice(choice: DeadLetterChoice): Chosen {
  const given = Object(choice) as { id?: unknown; ids?: unknown; task?: unknown; all?: unknown };
  const { id, ids, task, all } = given;
  if (Object.keys(given).length === 1) {
    if (isText(id)) return { ids: new Set([id]) };
    if (Array.isArray(ids) && ids.every(isText)) return { ids: new Set(ids) };
    if (isText(task)) return { task };
    if (all === true) return { task: undefined };
  }
  throw new TypeError(
    "Cannot choose dead letters: expected one of { id }, { ids }, { task } and { all: true }",
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

async function* find(broker: Broker, chosen: Chosen): AsyncGenerator<readonly MessageRecord[]> {
  if ("ids" in chosen) return yield* findById(broker, [...chosen.ids]);
  const { task } = chosen;
  let after: string | undefined;
  do {
    const page = await broker.dead({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield page.letters.filter((letter) => task === undefined || toStatus(letter).task === task);
    after = page.next;
  } while (after !== undefined);
}

async function* findById(
  broker: Broker,
  ids: readonly string[],
): AsyncGenerator<readonly MessageRecord[]> {
  for (let i = 0; i < ids.length; i += MAX_BATCH) {
    const records = await broker.read(ids.slice(i, i + MAX_BATCH));
    yield records.filter((record) => record?.state === "dead") as MessageRecord[];
  }
}
