/** The client of Upstash on Node and on Bun, with the fetch that each of them has. */
import { assertEquals } from "@std/assert";
import { Redis } from "@upstash/redis";
import { bundle, succeed } from "../runtimes/packed_project.ts";
import { Toolbox } from "../runtimes/toolbox.ts";
import { askAll, type Asked } from "../runtimes/upstash_commands.ts";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";

// After a large reply the parser inside ioredis, which the gateway needs, keeps a timer for two
// seconds. All other tests of the gateway have their leaks looked for.
Deno.test.sanitizer({ ops: false, resources: false });

const RUNTIMES = ["Node 20", "Node 24", "Bun 1.2", "Bun 1.4"] as const;
const toolbox = await Toolbox.bring([...RUNTIMES, "npm", "esbuild"]);

Deno.test.afterAll(async () => {
  await toolbox[Symbol.asyncDispose]();
});

function assertAnswers(answers: readonly Asked[]): void {
  for (const [name, answer, expected] of answers) assertEquals([name, answer], [name, expected]);
  assertEquals(answers.length >= 40, true, `${answers.length} commands`);
}

async function cleanUp({ redis, namespace }: RedisGateway): Promise<void> {
  await redis.del(...await redis.keys(`${namespace}:*`));
}

Deno.test("@upstash/redis on Deno is answered as it should be, whatever it asks", async () => {
  await using server = await redisGateway();
  const answers: Asked[] = [];
  const redis = new Redis({ url: server.url, token: server.token });
  for await (const asked of askAll(redis, server.namespace)) answers.push(asked);
  assertAnswers(answers);
  await cleanUp(server);
});

/** Installs the client alone, at the version that this project uses. */
async function install(): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: toolbox.dir });
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const dependencies = { "@upstash/redis": imports["@upstash/redis"].split("@").at(-1) };
  const manifest = { private: true, type: "module", dependencies };
  await Deno.writeTextFile(`${dir}/package.json`, JSON.stringify(manifest));
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"];
  const npm = `${toolbox.get("npm").dir}/bin/npm-cli.js`;
  await succeed(toolbox.program("Node 24"), [npm, "install", ...flags], { cwd: dir });
  return dir;
}

for (const name of RUNTIMES) {
  const title = `@upstash/redis on ${name} is answered as it should be, whatever it asks`;
  toolbox.test(title, [name, "Node 24", "npm", "esbuild"], async () => {
    await using server = await redisGateway();
    const into = await install();
    const args = ["--format=esm", "--platform=node", "--packages=external"];
    const script = await bundle(toolbox, "upstash_program.ts", { into, args });
    const { url, token, namespace } = server;
    const run = [script, url, token, namespace];
    assertAnswers(JSON.parse(await succeed(toolbox.program(name), run, { cwd: into })));
    await cleanUp(server);
  });
}
