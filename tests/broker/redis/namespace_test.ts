/** Previews: which namespace a broker works in, and that a branch takes nothing of production. */
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes } from "@dabba/queue/hono";
import { RedisBroker, redisBroker } from "@dabba/queue/redis";
import { assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { z } from "zod";
import { redisGateway } from "../../support/redis_gateway.ts";

const ADDRESS = {
  UPSTASH_REDIS_REST_URL: "https://example.com",
  UPSTASH_REDIS_REST_TOKEN: "token",
};
const BRANCH = { DENO_TIMELINE: "git-branch/fix-mail" };

Deno.test("RedisBroker.fromEnv() works in a namespace of its own in a preview", () => {
  const namespace = (env: Record<string, string>, options = {}) =>
    RedisBroker.fromEnv({ ...ADDRESS, ...env }, options).namespace;
  assertEquals(namespace({}), "dabba");
  assertEquals(namespace({ DENO_TIMELINE: "production" }), "dabba");
  assertEquals(namespace(BRANCH), "dabba:fix-mail");
  assertEquals(namespace({ VERCEL_ENV: "preview", VERCEL_GIT_COMMIT_REF: "x" }), "dabba:x");
});

Deno.test("RedisBroker.fromEnv() does in a preview what it is told", () => {
  const env = { ...ADDRESS, ...BRANCH };
  assertEquals(RedisBroker.fromEnv(env, { namespace: "dabba" }).namespace, "dabba");
  assertEquals(RedisBroker.fromEnv({ ...env, DABBA_NAMESPACE: "mine" }).namespace, "mine");
  assertEquals(RedisBroker.fromEnv({ ...env, DABBA_NAMESPACE: "" }).namespace, "dabba:fix-mail");
  assertThrows(() => RedisBroker.fromEnv({ ...env, DABBA_NAMESPACE: "a b" }), TypeError);
});

Deno.test("A worker of a branch takes nothing of production, on the same Redis", async () => {
  await using server = await redisGateway();
  const address = {
    UPSTASH_REDIS_REST_URL: server.url,
    UPSTASH_REDIS_REST_TOKEN: server.token,
  };
  const ran: string[] = [];
  const dabbaOf = (env: Record<string, string>, where: string) => {
    const note = defineTask("note", { input: z.string() }, (text) => void ran.push(where + text));
    const broker = RedisBroker.fromEnv({ ...address, ...env });
    return new Dabba({ broker, tasks: { note } });
  };
  await using production = dabbaOf({ DENO_TIMELINE: "production" }, "production ");
  await using branch = dabbaOf(BRANCH, "branch ");
  await production.tasks.note.enqueue("of production");
  await branch.tasks.note.enqueue("of the branch");
  const { claimed } = await branch.worker().drain();
  assertEquals([claimed, ran], [1, ["branch of the branch"]]);
  await production.worker().drain();
  assertEquals(ran, ["branch of the branch", "production of production"]);
});

Deno.test("GET /healthz says which namespace it is, to who has the secret", async () => {
  await using server = await redisGateway();
  const { url, token } = server;
  const broker = redisBroker({ url, token, namespace: "dabba:fix-mail" });
  await using dabba = new Dabba({ broker, tasks: {} });
  assertEquals(dabba.namespace, "dabba:fix-mail");
  const options = { secret: "secret", routes: { drain: false } };
  const app = new Hono().route("/dabba", dabbaRoutes(dabba, options));
  const ask = async (headers: Record<string, string>) =>
    (await (await app.request("/dabba/healthz", { headers })).json()).namespace;
  assertEquals(await ask({}), undefined);
  assertEquals(await ask({ authorization: "Bearer secret" }), "dabba:fix-mail");
});

/** Runs a program with the variables of a branch, and with the permissions given. */
async function inBranch(...permissions: string[]): Promise<string> {
  const module = new URL("../../../src/broker/redis/mod.ts", import.meta.url).href;
  const program = `import { redisBroker } from "${module}";
    const broker = redisBroker({ url: "https://example.com", token: "token" });
    console.log(broker.namespace);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-prompt", "--quiet", ...permissions, "-"],
    cwd: new URL("../../../", import.meta.url),
    env: { ...BRANCH, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([program]).stream().pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("redisBroker() reads the branch where it may, and is in production where it may not", async () => {
  assertEquals(await inBranch("--allow-env"), "dabba:fix-mail\n");
  assertEquals(await inBranch("--allow-env=DENO_TIMELINE"), "dabba:fix-mail\n");
  assertEquals(await inBranch(), "dabba\n");
});
