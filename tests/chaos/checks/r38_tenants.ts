import { Redis } from "ioredis";
import { ioredisClient, redisAcl, RedisBroker } from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { defineTask } from "../../../src/task.ts";
import { Random } from "../../broker/contract/random.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Check, fsck } from "../check.ts";
import { passing } from "../jobs.ts";

const OWN = "tenant-a";
const OTHER = "tenant-b";
const PARTS = [
  ...[":", "*", "{", "}", "{}", "{tenant-b}", "\r\n", "\n", "\u0000", " ", "\t", "__proto__", "~"],
  ...["@", "#", "!", "%", "due:", "msg", "/", "..", "\\", "'", '"', "é", "\u{1F35B}", "a", "0"],
];

export const check: Check = {
  id: "R38",
  title: "least privilege, and a tenant beside another",
  goal: "everything works with a user of its own role; 1,000 hostile names touch 0 keys outside " +
    "of the namespace and 0 undeclared ones; the other tenant is unchanged",
  async run({ full, seed, say }) {
    const names = full ? 10_000 : 1_000;
    await using server = await startRedisServer();
    const admin = new Redis(server.url);
    const open = await openTenants(admin, server.port);
    await open(OTHER).tasks.echo.enqueue("untouched", { id: "m", delay: "1h" });
    const before = await snapshot(admin, OTHER);
    const monitor = await admin.duplicate().monitor();
    const watch = new Watch();
    monitor.on(
      "monitor",
      (_time: string, args: string[], source: string) => watch.see(args, source === "lua"),
    );
    const dabba = open(OWN);
    const tried = await attack(dabba, names, new Random(seed));
    await dabba.worker({ queues: tried.queues, signals: false }).drain({ budget: "2m" });
    const findings = (await fsck(new RedisBroker({ client: ioredisClient(admin), namespace: OWN })))
      .length;
    const end = crypto.randomUUID();
    await admin.echo(end);
    await watch.until(end);
    monitor.disconnect();
    const changed = await snapshot(admin, OTHER) !== before;
    const foreign =
      (await admin.keys("*")).filter((key) =>
        !key.startsWith(`{${OWN}}:`) && !key.startsWith(`{${OTHER}}:`)
      ).length;
    admin.disconnect();
    for (const line of watch.wrong.slice(0, 5)) say(line);
    const figure = `${tried.taken} of ${tried.all} hostile names taken, ${tried.refused} refused ` +
      `before anything was sent, ${tried.failed} failed otherwise; ${watch.commands} commands ` +
      `seen, ${watch.inScripts} of them inside of scripts, ${watch.wrong.length} on keys outside ` +
      `of the namespace or undeclared; ${foreign} ` +
      `foreign keys, the other tenant ${changed ? "changed" : "unchanged"}; ${tried.done()} run, ` +
      `${findings} findings`;
    const met = watch.wrong.length === 0 && watch.inScripts > 100 && foreign === 0 && !changed &&
      tried.failed === 0 && tried.taken + tried.refused === tried.all && tried.taken > 0 &&
      findings === 0;
    return { figure, met };
  },
};

let ran = 0;

/** Each tenant is a user that may do a worker's part in its namespace, and nothing else. */
async function openTenants(admin: Redis, port: number) {
  for (const namespace of [OWN, OTHER]) {
    const rules = redisAcl("worker", { namespace }).split(" ");
    await admin.call("ACL", "SETUSER", namespace, "on", ">secret", ...rules);
  }
  const echo = defineTask("echo", { input: passing<string>() }, (text) => {
    ran++;
    return text;
  });
  return (namespace: string) => {
    const redis = new Redis(`redis://${namespace}:secret@127.0.0.1:${port}`);
    const broker = new RedisBroker({ client: ioredisClient(redis), namespace, retries: 0 });
    return new Dabba({ broker, tasks: { echo } });
  };
}

/** Uses hostile names wherever a name may come from outside. */
async function attack(
  dabba: Awaited<ReturnType<Awaited<ReturnType<typeof openTenants>>>>,
  count: number,
  random: Random,
) {
  const sum = { all: count, taken: 0, refused: 0, failed: 0 };
  const queues = new Set(["default"]);
  for (let i = 0; i < count; i++) {
    const name = random.chance(2)
      ? "x".repeat(10_000)
      : Array.from({ length: random.between(1, 4) }, () => random.pick(PARTS)).join("");
    const options = random.pick([
      { id: name },
      { queue: name },
      { dedupe: { key: name, ttl: "1m" } },
      { id: `i${i}`, priority: name as never },
    ]);
    try {
      await dabba.tasks.echo.enqueue(name, options);
      if ("queue" in options) queues.add(name);
      sum.taken++;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) sum.refused++;
      else sum.failed++;
    }
  }
  return { ...sum, queues: [...queues], done: () => ran };
}

async function snapshot(admin: Redis, namespace: string): Promise<string> {
  const keys = (await admin.keys(`{${namespace}}:*`)).toSorted();
  return JSON.stringify(await Promise.all(keys.map(async (key) => [key, await admin.dump(key)])));
}

/** Commands without a key. */
const KEYLESS = new Set(["time", "info", "ping", "acl", "auth", "keys", "dump", "echo", "script"]);

/** What is asked outside of scripts: whether something is due. */
const LOOKS = new Set(["hmget"]);

/** Looks at every command that Redis runs, those inside of scripts included. */
class Watch {
  readonly wrong: string[] = [];
  commands = 0;
  inScripts = 0;
  #declared = new Set<string>();
  readonly #seen = new Set<string>();

  see([command = "", ...args]: string[], inScript: boolean): void {
    const name = command.toLowerCase();
    if (name === "echo") this.#seen.add(args[0]!);
    if (name === "evalsha" || name === "eval") {
      this.#declared = new Set(args.slice(2, 2 + Number(args[1])));
    } else if (KEYLESS.has(name)) return;
    else {
      this.commands++;
      const [key = ""] = args;
      if (inScript) this.inScripts++;
      // A look for work is a command of its own: it declares nothing.
      const known = inScript ? this.#declared.has(key) : LOOKS.has(name);
      if (!key.startsWith(`{${OWN}}:`) || !known) this.wrong.push(`${name} ${key}`);
    }
  }

  async until(word: string): Promise<void> {
    while (!this.#seen.has(word)) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
