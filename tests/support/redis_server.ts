/**
 * A real redis-server of a test's own, on a free loopback port, without persistence unless asked.
 *
 * ```ts ignore
 * await using server = await startRedisServer({ config: { appendonly: "yes", maxmemory: "4mb" } });
 * await server.kill();      // SIGKILL, as in a crash
 * await server.restart();   // same port, same directory: an append-only file is read again
 * ```
 *
 * Start it inside a test (it then holds one process, and `await using` returns it), or in
 * `Deno.test.beforeAll` with `stop()` in `Deno.test.afterAll`.
 */

/** What may differ from a bare redis-server. */
export interface RedisServerOptions {
  /** Settings as in redis.conf, such as `{ appendonly: "yes", maxmemory: "4mb" }`. */
  config?: Record<string, string>;
}

const START_TIMEOUT_MS = 10_000;
const PROBE_INTERVAL_MS = 5;
const PORT_ATTEMPTS = 5;

/** Starts a redis-server and resolves when it answers PING. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = await Deno.makeTempDir({ prefix: "dabba-redis-" });
  // Another process may take the free port before redis-server does.
  for (let attempt = 1;; attempt++) {
    const server = new RedisServer(dir, freePort(), options.config ?? {});
    try {
      await server.start();
      return server;
    } catch (error) {
      if (attempt < PORT_ATTEMPTS && String(error).includes("Address already in use")) continue;
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }
}

/** One redis-server process and its directory. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #dir: string;
  readonly #config: Record<string, string>;
  #process: Deno.ChildProcess | undefined;
  #stopped = false;

  constructor(dir: string, port: number, config: Record<string, string>) {
    this.#dir = dir;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#config = config;
  }

  /** The process id, or nothing while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process; used by {@linkcode startRedisServer} and {@linkcode restart}. */
  async start(): Promise<void> {
    const config = {
      bind: "127.0.0.1",
      port: String(this.port),
      dir: this.#dir,
      logfile: `${this.#dir}/redis.log`,
      save: "",
      appendonly: "no",
      ...this.#config,
    };
    const process = new Deno.Command(Deno.env.get("DABBA_REDIS_SERVER") ?? "redis-server", {
      args: Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = process;
    let exited = false;
    process.status.then(() => exited = true);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!await answersPing(this.port)) {
      if (exited || Date.now() > deadline) {
        await this.kill();
        const log = await Deno.readTextFile(config.logfile).catch(() => "it wrote no log");
        throw new Error(`Cannot start redis-server on port ${this.port}: ${log.slice(-1000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    }
    // Something else may hold the port and answer in its place.
    if (exited) throw new Error(`Cannot start redis-server: Address already in use`);
  }

  /** Ends the process as a crash would; its directory stays for {@linkcode restart}. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Starts it again on the same port and directory, stopping it first if it still runs. */
  async restart(): Promise<void> {
    await this.#end("SIGTERM");
    await this.start();
  }

  /** Stops the process and removes its directory. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#end("SIGTERM");
    await Deno.remove(this.#dir, { recursive: true });
  }

  /** Stops it from a listener that may not wait, such as "unload". */
  stopAtOnce(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#process?.kill("SIGKILL");
    Deno.removeSync(this.#dir, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    try {
      process.kill(signal);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    await process.status;
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** One that still loads its file answers -LOADING; one that wants a password is up: -NOAUTH. */
async function answersPing(port: number): Promise<boolean> {
  let connection: Deno.TcpConn | undefined;
  try {
    connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("PING\r\n"));
    const reply = new Uint8Array(64);
    const length = await connection.read(reply);
    return /^(\+PONG|-NOAUTH)/.test(new TextDecoder().decode(reply.subarray(0, length ?? 0)));
  } catch {
    return false;
  } finally {
    connection?.close();
  }
}
