/** Dead letters: list them, send them round again, throw them away. */

import { type Broker, MAX_BATCH, type MessageRecord } from "./broker/broker.ts";
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

const DISCARDED_RETAIN_MS = 3_600_000;

/** Lists dead letters. */
export async function listDead(broker: Broker, query: DeadLetterQuery): Promise<DeadLetterPage> {
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
  for await (const records of choose(broker, choice)) {
    if (records.length > 0) count += await act(records);
  }
  return count;
}

async function* choose(
  broker: Broker,
  choice: DeadLetterChoice,
): AsyncGenerator<readonly MessageRecord[]> {
  if ("id" in choice) return yield* choose(broker, { ids: [choice.id] });
  if ("ids" in choice) {
    for (let i = 0; i < choice.ids.length; i += MAX_BATCH) {
      const records = await broker.read(choice.ids.slice(i, i + MAX_BATCH));
      yield records.filter((record) => record !== undefined).filter(({ state }) =>
        state === "dead"
      );
    }
    return;
  }
  const task = "task" in choice ? choice.task : undefined;
  let after: string | undefined;
  do {
    const page = await broker.dead({ limit: 500, ...(after === undefined ? {} : { after }) });
    yield page.letters.filter((letter) => task === undefined || toStatus(letter).task === task);
    after = page.next;
  } while (after !== undefined);
}
