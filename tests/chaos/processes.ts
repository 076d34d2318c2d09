/** The worker processes of a check: started, watched, killed, and always ended with it. */

import type { Orders } from "./jobs.ts";

/** Says how a worker process is started. */
export interface StartOptions {
  /** Kills the process when it has not beaten for so long, in milliseconds. */
  readonly watchdogMs?: number;
  /** The most memory of its heap, in megabytes. */
  readonly heapMb?: number;
}

/** Is a worker process. */
export interface Process {
  readonly pid: number;
  /** When it was killed, by the machine's clock; undefined while it lives. */
  readonly killedAt: number | undefined;
  /** Resolves when its worker runs, or when it has ended. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal; one that has ended is left alone. */
  kill(signal: Deno.Signal): void;
}

const PROGRAM = new URL("worker_main.ts", import.meta.url).href;

/** All worker processes of one check. */
export class Fleet<O extends object = Orders> implements AsyncDisposable {
  readonly processes: Process[] = [];
  readonly #orders: O;
  readonly #program: string;

  /** Makes an empty one; each process runs the program with these orders, unless told otherwise. */
  constructor(orders: NoInfer<O>, program = PROGRAM) {
    this.#orders = orders;
    this.#program = program;
  }

  /** Starts one more. */
  start(orders: Partial<O> = {}, options: StartOptions = {}): Process {
    const { watchdogMs, heapMb } = options;
    const flags = heapMb === undefined ? [] : [`--v8-flags=--max-old-space-size=${heapMb}`];
    const argument = JSON.stringify({ ...this.#orders, ...orders });
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--no-lock", "-A", ...flags, this.#program, argument],
      stdin: "null",
      stdout: "piped",
      stderr: heapMb === undefined ? "inherit" : "null",
    }).spawn();
    const process = watch(child, watchdogMs);
    this.processes.push(process);
    return process;
  }

  /** When each process was killed that was. */
  get kills(): Map<number, number> {
    return new Map(
      this.processes.flatMap(({ pid, killedAt }) =>
        killedAt === undefined ? [] : [[pid, killedAt]]
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.processes) process.kill("SIGKILL");
    await Promise.all(this.processes.map(({ ended }) => ended));
  }
}

function watch(child: Deno.ChildProcess, watchdogMs?: number): Process {
  let killedAt: number | undefined;
  let over = false;
  let dog: ReturnType<typeof setTimeout> | undefined;
  const kill = (signal: Deno.Signal) => {
    if (over) return;
    try {
      child.kill(signal);
      if (signal === "SIGKILL") killedAt ??= Date.now();
    } catch (error) {
      // It has ended by itself, and nobody has been told yet.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  const ready = Promise.withResolvers<void>();
  const beats = (async () => {
    for await (const _ of child.stdout) {
      ready.resolve();
      clearTimeout(dog);
      if (watchdogMs !== undefined) dog = setTimeout(() => kill("SIGKILL"), watchdogMs);
    }
  })();
  const ended = Promise.all([child.status, beats]).then(([status]) => {
    over = true;
    clearTimeout(dog);
    ready.resolve();
    return status;
  });
  return {
    pid: child.pid,
    get killedAt() {
      return killedAt;
    },
    ready: ready.promise,
    ended,
    kill,
  };
}
