/** Runs Deno's documented samples on both, changed in nothing but where `openKv` comes from. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "../support/project.ts";
import { DATA_SAMPLES, type Sample, SAMPLES } from "./samples.ts";

const IMPORT = 'import { openKv } from "@dabba/queue/kv-queue";\n';

interface Played {
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a program until it has said as much as it should, or something on standard error. */
async function play(
  code: string,
  { flags, until }: {
    readonly flags: readonly string[];
    readonly until: (said: Played) => boolean;
  },
): Promise<Played> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-kv-" });
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, code);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-lock", ...flags, "-A", `${folder}/main.ts`],
      cwd: folder,
      env: { NO_COLOR: "1" },
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    const texts = { stdout: "", stderr: "" };
    const said = () => {
      return { lines: texts.stdout.split("\n").slice(0, -1), stderr: texts.stderr };
    };
    let told = false;
    const read = async (name: "stdout" | "stderr") => {
      for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
        texts[name] += text;
        if (told || !until(said())) continue;
        told = true;
        child.kill("SIGTERM");
      }
    };
    await Promise.all([read("stdout"), read("stderr"), child.status]);
    return said();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ours = (code: string) => IMPORT + code.replaceAll("Deno.openKv(", "openKv(");
const config = ["--check", "-c", `${ROOT}deno.json`];
const enough = ({ says }: Sample) => ({ lines }: Played) => lines.length >= says.length;

for (const sample of SAMPLES) {
  Deno.test(`openKv() runs Deno's own sample, types checked: ${sample.source}`, async () => {
    const { lines, stderr } = await play(ours(sample.code), {
      flags: config,
      until: enough(sample),
    });
    assertEquals([[...lines].sort(), stderr], [[...sample.says].sort(), ""]);
  });

  Deno.test(`Deno KV runs it, too, and says the same: ${sample.source}`, async () => {
    // In the memory of its process: the default place is under the user's home.
    const code = sample.code.replaceAll("Deno.openKv()", 'Deno.openKv(":memory:")');
    const { lines } = await play(code, { flags: ["--unstable-kv"], until: enough(sample) });
    assertEquals([...lines].sort(), [...sample.says].sort());
  });
}

for (const { source, code, complaint } of DATA_SAMPLES) {
  Deno.test(`openKv() says what a sample needs that it does not have: ${source}`, async () => {
    const { stderr } = await play(ours(code), {
      flags: ["-c", `${ROOT}deno.json`],
      until: (said) => said.stderr.includes("run twice)"),
    });
    assertStringIncludes(stderr, complaint);
    assertStringIncludes(stderr, "keep data in a store of its own");
  });
}
