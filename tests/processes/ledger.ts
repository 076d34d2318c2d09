/** Worker processes, and the ledger of what they tell. */

import { assertEquals } from "@std/assert";
import { wholeLinesOf } from "../support/lines.ts";
import type { Orders } from "./work.ts";

/** Is one line of a process. */
export interface Line {
  /** What happened. */
  readonly what: string;
  readonly id?: string;
  readonly fence?: number;
  readonly attempt?: number;
  readonly why?: string;
}

/** Is one line, and who wrote it. */
export type Entry = Line & { readonly pid: number };

/** A process that was started here. */
export interface WorkerProcess {
  readonly pid: number;
  /** Sends a signal. */
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended, and all that it wrote is in the ledger. */
  readonly ended: Promise<Deno.CommandStatus>;
}

/** What all processes of a test told, in the order in which it came. */
export class Ledger implements AsyncDisposable {
  readonly entries: Entry[] = [];
  readonly #processes: WorkerProcess[] = [];
  readonly #complaints: string[] = [];
  #waiting: (() => void)[] = [];

  /** Starts a worker process. */
  start(orders: Orders): WorkerProcess {
    const module = new URL("worker_process.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--no-lock", "-A", module, JSON.stringify(orders)],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { pid } = child;
    const written = Promise.all([this.#read(child.stdout, pid), this.#listen(child.stderr)]);
    const ended = written.then(() => child.status);
    const kill = (signal: Deno.Signal) => child.kill(signal);
    const process = { pid, kill, ended };
    this.#processes.push(process);
    return process;
  }

  /** Resolves with the entries that fit, once there are so many. */
  async until(fits: Partial<Entry>, count = 1): Promise<Entry[]> {
    while (this.all(fits).length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#complaints.length > 0) throw new Error(this.#complaints.join("\n"));
    }
    return this.all(fits);
  }

  /** The entries that fit. */
  all(fits: Partial<Entry>): Entry[] {
    const wanted = Object.entries(fits);
    return this.entries.filter((entry) =>
      wanted.every(([key, value]) => entry[key as keyof Entry] === value)
    );
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, pid: number): Promise<void> {
    for await (const line of wholeLinesOf(stream)) {
      this.entries.push({ ...JSON.parse(line), pid });
      this.#ring();
    }
  }

  async #listen(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const text = await new Response(stream).text();
    if (text.trim() !== "") this.#complaints.push(text);
    this.#ring();
  }

  #ring(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Ends all processes; fails when one of them complained. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await process.ended;
    }
    assertEquals(this.#complaints, []);
  }
}
