/** Other languages: examples/producer.py and examples/producer.sh, against an app over HTTPS. */
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { generate } from "selfsigned";
import { z } from "zod";
import { ROOT } from "../support/project.ts";

const SECRET = "lunch-at-twelve-sharp";

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email(), name: z.string().optional() }),
}, ({ email }) => ({ sentTo: email }));

// Once for all: a key takes its time.
const { cert, private: key } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
  extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program against the routes, while a worker runs. */
async function produce(command: string, ...args: string[]): Promise<Outcome> {
  await using dabba = new Dabba({
    broker: sqliteBroker({ path: ":memory:" }),
    tasks: { welcome },
  });
  const app = new Hono().route("/queue", dabbaRoutes(dabba, { secret: SECRET }));
  const listen = { hostname: "127.0.0.1", port: 0, onListen() {}, cert, key };
  await using server = Deno.serve(listen, app.fetch);
  const stop = new AbortController();
  const working = dabba.worker().run({ signal: stop.signal });
  const trusted = await Deno.makeTempFile({ suffix: ".pem" });
  await Deno.writeTextFile(trusted, cert);
  const url = `https://127.0.0.1:${server.addr.port}/queue`;
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: ROOT,
    env: {
      ...{ DABBA_URL: url, DABBA_SECRET: SECRET, NO_PROXY: "127.0.0.1" },
      // How Python and curl are told whom to trust.
      ...{ SSL_CERT_FILE: trusted, CURL_CA_BUNDLE: trusted },
    },
  }).output();
  await Deno.remove(trusted);
  stop.abort();
  await working;
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

async function missing(command: string): Promise<boolean> {
  const tried = new Deno.Command(command, { args: ["--version"] }).output();
  return !await tried.then(({ success }) => success, () => false);
}

const noPython = await missing("python3");
const noCurl = await missing("curl");

Deno.test({
  name: "examples/producer.py enqueues by the OpenAPI document, and waits for the output",
  // Without Python there is nothing to run.
  ignore: noPython,
  async fn() {
    const args = ["examples/producer.py", "email.welcome", '{"email":"ada@example.com"}'];
    const { code, out, err } = await produce("python3", ...args);
    assertEquals([code, err], [0, ""]);
    assertEquals(out.split("\n").slice(0, 3), [
      "takes ['email', 'name'] needs ['email']",
      "enqueued 202",
      'succeeded {"sentTo": "ada@example.com"}',
    ]);
  },
});

Deno.test({
  name: "examples/producer.py tells what the schema finds in a wrong input",
  // Without Python there is nothing to run.
  ignore: noPython,
  async fn() {
    const { code, err } = await produce("python3", "examples/producer.py", "email.welcome", "{}");
    assertEquals(code, 1);
    assertStringIncludes(err, "refused, 400");
    assertStringIncludes(err, "'path': ['email']");
  },
});

Deno.test({
  name: "examples/producer.sh enqueues by curl, and follows until the result",
  // Without curl there is nothing to run.
  ignore: noCurl,
  async fn() {
    const { code, out, err } = await produce("sh", "examples/producer.sh");
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /^\{"id":"mail-[\d-]+","task":"email.welcome","disposition":"enqueued"/);
    assertStringIncludes(out, "event: result");
    assertStringIncludes(out, '"output":{"sentTo":"ada@example.com"}');
  },
});
