/**
 * The demo as a real process, in a folder of its own, on a free port.
 *
 * ```ts ignore
 * await using demo = await DemoProcess.start(store);
 * await demo.end("SIGKILL");
 * await demo.restart();      // same port, same folder, same store
 * ```
 */
import { ROOT } from "../support/project.ts";
import type { DemoStore } from "./demo_stores.ts";

const READY = /^Open (http:\/\/\S+)/m;
const START_TIMEOUT_MS = 60_000;

/** A running demo; it is ended with `await using`. */
export class DemoProcess implements AsyncDisposable {
  readonly #store: DemoStore;
  #process: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #url: URL | undefined;
  #output = "";

  private constructor(store: DemoStore) {
    this.#store = store;
  }

  /** Starts it, and resolves once it says where it is served. */
  static async start(store: DemoStore): Promise<DemoProcess> {
    const demo = new DemoProcess(store);
    await demo.restart();
    return demo;
  }

  /** Where it is served, as text. */
  get origin(): string {
    if (this.#url === undefined) throw new Error("The demo has not started");
    return this.#url.origin;
  }

  /** All that it has written so far, over all its starts. */
  get output(): string {
    return this.#output;
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    const env = { ...this.#store.env, PORT: this.#url?.port ?? "0" };
    const process = spawnDemo(env);
    this.#process = process;
    const ready = Promise.withResolvers<URL>();
    let own = "";
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream() as TextDecoding)) {
        own += text;
        this.#output += text;
        const url = READY.exec(own)?.[1];
        if (url) ready.resolve(new URL(url));
      }
    };
    this.#reading = Promise.all([read(process.stdout), read(process.stderr)]);
    this.#reading.then(() => ready.reject(new Error(`The demo ended at once:\n${own}`)));
    const patience = setTimeout(
      () => ready.reject(new Error(`The demo did not start in time:\n${own}`)),
      START_TIMEOUT_MS,
    );
    try {
      this.#url = await ready.promise;
    } finally {
      clearTimeout(patience);
    }
  }

  /** Sends it a signal and waits for its end. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    const process = this.#process;
    if (process === undefined) throw new Error("The demo does not run");
    this.#process = undefined;
    process.kill(signal);
    const status = await process.status;
    await this.#reading;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process) await this.end("SIGKILL");
  }
}

type TextDecoding = ReadableWritablePair<string, Uint8Array>;

/** Spawns the demo's command with these variables. */
export function spawnDemo(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "examples/demo/main.ts"],
    cwd: ROOT,
    env: { UPSTASH_REDIS_REST_URL: "", HOST: "", NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
