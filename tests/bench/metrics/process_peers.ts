/** Dabba beside Celery and RQ, where Debian's packages of them are installed. */

import { atLeast, figure, type Goal, type Metric, type Row, unmeasured } from "../metric.ts";
import { runCommand, type Said } from "../program.ts";
import { dabbaSide, type Load } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn, middle, ratio, type Side } from "../turns.ts";

interface Peer {
  readonly name: string;
  readonly program: string;
  readonly packages: string;
  readonly messages: number;
  readonly goal: Goal;
}

const PEERS: readonly Peer[] = [
  {
    name: "Celery",
    program: "celery_main.py",
    packages: "python3-celery python3-redis",
    messages: 5_000,
    goal: atLeast(50),
  },
  {
    name: "RQ",
    program: "rq_main.py",
    packages: "python3-rq python3-redis",
    messages: 400,
    goal: atLeast(500),
  },
];

const LOAD: Load = {
  act: "process",
  concurrency: 100,
  work: "noop",
  messages: { dabba: 50_000, bullmq: 0 },
};

/** Is the metric. */
export const metric: Metric = {
  name: "process_peers",
  title: "process, beside Celery and RQ",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const rows: Row[] = [];
    for (const peer of PEERS) {
      const title = `process, HTTP, concurrency 100, against ${peer.name}`;
      const python = await pythonOf(peer);
      if (python === undefined) {
        const why = `not measured: ${peer.packages} are not installed (apt-get install)`;
        say(`${peer.name}: ${why}`);
        rows.push(unmeasured(title, why, peer.goal));
        continue;
      }
      const messages = peer.messages / (short ? 4 : 1);
      const enqueued: number[] = [];
      const side: Side = {
        name: peer.name,
        async measure() {
          await stage.clear();
          const said = await run(python, peer, [messages, stage.server.port]);
          enqueued.push(said.enqueuePerSecond!);
          return said.processPerSecond!;
        },
      };
      const ours = dabbaSide("HTTP", () => stage.http, { stage, load: LOAD });
      const figures = await inTurn([ours, side], { rounds: short ? 1 : 3, say });
      rows.push(
        figure(`enqueue one by one, ${peer.name}`, [enqueued.at(-1)!, "messages/s"]),
        figure(`process, no-op, ${peer.name}`, [middle(figures, peer.name), "messages/s"]),
        figure(title, [ratio(figures, ["HTTP", peer.name]), "×"], peer.goal),
      );
    }
    return rows;
  },
};

async function run(python: string, { program }: Peer, numbers: number[]): Promise<Said> {
  const path = decodeURI(new URL(`../programs/${program}`, import.meta.url).pathname);
  return await runCommand(python, [path, ...numbers.map(String)]);
}

/** Debian's packages are known to its own Python only, which need not be the first on PATH. */
async function pythonOf({ name }: Peer): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const args = ["-c", `import redis, ${name.toLowerCase()}`];
    const child = new Deno.Command(python, { args, stdout: "null", stderr: "null" });
    try {
      if ((await child.output()).success) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}
