/**
 * Serves a plain Redis over HTTP from the command line: `deno task gateway --help`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { parseArgs } from "node:util";
import { type GatewayLogEntry, logLine } from "./access_log.ts";
import { type Gateway, gateway } from "./gateway.ts";

const HELP = `Serves a plain Redis over HTTP, in Upstash's REST protocol.

  --redis <url>     where Redis is       [REDIS_URL, redis://127.0.0.1:6379]
  --host <address>  where to listen      [127.0.0.1]
  --port <number>   where to listen      [PORT, 8079]
  --token <text>    what clients present [UPSTASH_REDIS_REST_TOKEN]
  --read-only-token <text>
                    a second one, which changes nothing
                                         [UPSTASH_REDIS_REST_READONLY_TOKEN]
  --log             say each request on a line: the names of its commands, no key and no value
  --insecure        serve without a token: whoever reaches the port owns the data
  --help            this text

A token on the command line can be read by every user of the machine; the variable cannot.`;

interface Settings {
  readonly redis: string;
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly readOnlyToken: string | undefined;
  readonly insecure: boolean;
  readonly log: boolean;
}

if (import.meta.main) main(Deno.args);

function main(args: readonly string[]): void {
  if (args.includes("--help")) {
    console.log(HELP);
    return;
  }
  try {
    serve(readSettings(args));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nTry --help`);
    Deno.exitCode = 1;
  }
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      redis: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string" },
      token: { type: "string" },
      "read-only-token": { type: "string" },
      insecure: { type: "boolean", default: false },
      log: { type: "boolean", default: false },
    },
  });
  const port = values.port ?? env("PORT") ?? "8079";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new RangeError(`Cannot start gateway: port is "${port}", it must be 0 to 65535`);
  }
  const token = values.token ?? env("UPSTASH_REDIS_REST_TOKEN");
  if (!token && !values.insecure) {
    throw new TypeError(
      "Cannot start gateway: there is no token: set UPSTASH_REDIS_REST_TOKEN (or --token) to a long " +
        "random string, or serve without one by --insecure",
    );
  }
  return {
    redis: values.redis ?? env("REDIS_URL") ?? "redis://127.0.0.1:6379",
    host: values.host,
    port: Number(port),
    token,
    readOnlyToken: values["read-only-token"] ?? env("UPSTASH_REDIS_REST_READONLY_TOKEN"),
    insecure: values.insecure,
    log: values.log,
  };
}

/** An empty variable is one that is not set. */
function env(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

function serve({ host, port, log, ...options }: Settings): void {
  const say = (entry: GatewayLogEntry) =>
    console.log(`${new Date().toISOString()} ${logLine(entry)}`);
  const face = gateway({ ...options, ...(log ? { log: say } : {}) });
  const server = Deno.serve({
    hostname: host,
    port,
    onListen: (address) => {
      console.log(`Gateway to ${withoutPassword(options.redis)}`);
      console.log(`UPSTASH_REDIS_REST_URL=http://${address.hostname}:${address.port}`);
      if (!options.token) console.log("Without a token: whoever reaches the port owns the data");
      tellOfRedis(face);
    },
  }, face.fetch);
  const stop = async () => {
    // Streams end with the gateway only, and the server waits for them.
    await Promise.all([server.shutdown(), face.close()]);
    // The listeners for signals would keep the process.
    Deno.exit();
  };
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
}

/** A Redis that is not there yet is no reason to end: each request tries again. */
async function tellOfRedis(face: Gateway): Promise<void> {
  try {
    const { server, warnings } = await face.survey();
    console.log(`It is ${server}`);
    for (const warning of warnings) console.log(`Warning: ${warning}`);
  } catch (error) {
    console.log(`Warning: ${error instanceof Error ? error.message : error}`);
  }
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = "***";
  return parsed.href;
}
