/**
 * The ledger of the rig: what happened, in files that the system under test knows nothing of, and the
 * auditor that reads them all. Each process appends to a file of its own, a line a write, so that what
 * was written before a SIGKILL is there after it.
 */

/** Says what a line is about. */
export type What =
  /** The store has acknowledged the message. */
  | "acknowledged"
  /** A handler has begun. */
  | "start"
  /** A handler has done what it is for. */
  | "effect"
  /** The store has taken a success. */
  | "accepted"
  /** The store has refused an outcome, or told that the lease is gone. */
  | "refused"
  /** The handler's signal was aborted. */
  | "aborted"
  /** The store has the message again, on purpose. */
  | "returned"
  /** The store has buried the message. */
  | "dead"
  /** A worker tells that its store is away, with no message's id. */
  | "outage"
  /** A worker has mended something, after a restart of its store. */
  | "mended";

/** Is one line. */
export interface Entry {
  readonly what: What;
  readonly id: string;
  /** The delivery; 0 where there is none. */
  readonly fence: number;
  readonly pid: number;
  /** The machine's clock, in milliseconds since 1970. */
  readonly ms: number;
  readonly why?: string;
}

// Taken at once: a process may be told to see another time.
const machineClock = Date.now;

/** Writes the lines of this process. */
export class LedgerWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();

  /** Opens a new file in the folder. */
  constructor(folder: string) {
    const path = `${folder}/${Deno.pid}-${crypto.randomUUID()}.jsonl`;
    this.#file = Deno.openSync(path, { append: true, create: true });
  }

  /** Appends a line; it is with the kernel when this returns. */
  write(what: What, about: { readonly id: string; readonly fence?: number; why?: string }): void {
    const { id, fence = 0, why } = about;
    const entry: Entry = { what, id, fence, pid: Deno.pid, ms: machineClock(), why };
    this.#file.writeSync(this.#encoder.encode(JSON.stringify(entry) + "\n"));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reads all files of a folder; the entries of one file are in their order. */
export async function readLedger(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const lines = (await Deno.readTextFile(`${folder}/${name}`)).split("\n");
    // A kill may have cut the last line short.
    lines.pop();
    for (const line of lines) entries.push(JSON.parse(line));
  }
  return entries;
}

/** Is what the auditor found. */
export interface Audit {
  readonly acknowledged: number;
  /** Acknowledged, without an effect, and not among the dead letters. */
  readonly lost: readonly string[];
  readonly starts: number;
  /** Starts beyond a message's first that nobody asked for. */
  readonly extra: readonly Entry[];
  /** Those among them whose handler had done its work before: only the store did not know. */
  readonly redone: readonly Entry[];
  /** Outcomes that the store took from somebody who had been replaced. */
  readonly stale: readonly Entry[];
}

/** Tells what became of all that was acknowledged. */
export function audit(entries: readonly Entry[], dead: ReadonlySet<string>): Audit {
  const acknowledged = new Set<string>();
  const effects = new Set<string>();
  for (const { what, id } of entries) {
    if (what === "acknowledged") acknowledged.add(id);
    if (what === "effect") effects.add(id);
  }
  const extra: Entry[] = [];
  const redone: Entry[] = [];
  const stale: Entry[] = [];
  let starts = 0;
  for (const group of Map.groupBy(entries, ({ id }) => id).values()) {
    const begun = startsOf(group);
    starts += begun.length;
    const again = begun.filter((start, i) => i > 0 && !wasReturned(group, begun[i - 1]!, start));
    extra.push(...again);
    const done = group.filter(({ what }) => what === "effect").map(({ fence }) => fence);
    redone.push(...again.filter(({ fence }) => done.some((earlier) => earlier < fence)));
    const last = begun.at(-1)?.fence ?? 0;
    const accepted = group.filter(({ what }) => what === "accepted");
    stale.push(...accepted.filter(({ fence }, i) => i > 0 || fence < last));
  }
  const lost = [...acknowledged].filter((id) => !effects.has(id) && !dead.has(id));
  return { acknowledged: acknowledged.size, lost, starts, extra, redone, stale };
}

/** The starts among a message's entries, in the order of its deliveries. */
export function startsOf(group: readonly Entry[]): Entry[] {
  const starts = group.filter(({ what }) => what === "start");
  return starts.toSorted((a, b) => a.fence - b.fence || a.ms - b.ms);
}

function wasReturned(group: readonly Entry[], before: Entry, start: Entry): boolean {
  return group.some(({ what, fence }) =>
    what === "returned" && fence >= before.fence && fence < start.fence
  );
}
