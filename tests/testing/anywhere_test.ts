/** The kit, and the queue of values, in a browser and on workerd, bundled for them. */
import { assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { CHROMIUM } from "../examples/demo_browser.ts";
import { Toolbox } from "../runtimes/toolbox.ts";
import { ROOT } from "../support/project.ts";

const TOLD = [
  "3 retried, 1 succeeded: 42",
  "7 is too much",
  "1180591620717411303424 0,255 1970-01-01T00:00:00.005Z",
];
const here = new URL("./", import.meta.url).pathname;
const toolbox = await Toolbox.bring(["workerd", "Node 24"]);
const bundle = `${toolbox.dir}/anywhere.js`;

Deno.test.beforeAll(async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "-c", `${ROOT}deno.json`, "--platform", "browser"],
      ...[`${here}anywhere.ts`, "-o", bundle],
    ],
  }).output();
  assertEquals([code, code === 0 ? "" : new TextDecoder().decode(stderr)], [0, ""]);
});
Deno.test.afterAll(() => toolbox[Symbol.asyncDispose]());

const WORKER = `
import { play } from "./anywhere.js";
export default { fetch: async () => Response.json(await play()) };
`;

const HOST = `
import { Miniflare } from "miniflare";
const [dir] = process.argv.slice(2);
const modules = ["worker.js", "anywhere.js"].map((name) => {
  return { type: "ESModule", path: dir + "/" + name };
});
const workerd = new Miniflare({ modulesRoot: dir, modules, compatibilityDate: "2026-07-01" });
console.log(await (await workerd.dispatchFetch("http://worker.test/")).text());
await workerd.dispose();
`;

toolbox.test(
  "testDabba() and openKv() work on workerd",
  ["workerd", "Node 24"],
  async () => {
    await Deno.writeTextFile(`${toolbox.dir}/worker.js`, WORKER);
    const host = `${toolbox.dir}/workerd/kit_host.mjs`;
    await Deno.writeTextFile(host, HOST);
    const { stdout, stderr } = await new Deno.Command(toolbox.program("Node 24"), {
      args: [host, toolbox.dir],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assertEquals(said.trim(), JSON.stringify(TOLD), new TextDecoder().decode(stderr));
  },
);

Deno.test({
  name: `testDabba() and openKv() work in a browser${CHROMIUM ? "" : " (skipped: no Chromium)"}`,
  // Its name says why.
  ignore: CHROMIUM === undefined,
  async fn() {
    const text = await Deno.readTextFile(bundle);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        const script = request.url.endsWith(".js");
        const headers = { "content-type": script ? "text/javascript" : "text/html" };
        return new Response(script ? text : "<!doctype html>", { headers });
      },
    );
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ["--no-sandbox", "--headless", "--disable-gpu"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      const told = await page.evaluate(`import("/anywhere.js").then(({ play }) => play())`);
      assertEquals(told, TOLD);
    } finally {
      await browser.close();
    }
  },
});
