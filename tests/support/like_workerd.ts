/** Runs a program in a process that is like workerd, as far as Deno can be. */
import { ROOT } from "./project.ts";

/**
 * Refuses what workerd refuses at module scope, until the program calls `inRequest()`, and takes away
 * what it has not got. From then on there is everything but a network.
 */
const LIKE_WORKERD = `
  const real = {
    ...{ setTimeout, setInterval, random: Math.random },
    ...{ getRandomValues: crypto.getRandomValues, randomUUID: crypto.randomUUID },
  };
  const refuse = (name) => () => {
    throw new Error(name + " is called while the module loads");
  };
  globalThis.fetch = refuse("fetch");
  globalThis.setTimeout = refuse("setTimeout");
  globalThis.setInterval = refuse("setInterval");
  globalThis.crypto.getRandomValues = refuse("getRandomValues");
  globalThis.crypto.randomUUID = refuse("randomUUID");
  Math.random = refuse("Math.random");
  for (const name of ["Deno", "process", "Buffer", "global"]) delete globalThis[name];
  const inRequest = () => {
    const { setTimeout, setInterval, random, getRandomValues, randomUUID } = real;
    Object.assign(globalThis, { setTimeout, setInterval });
    globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
    Object.assign(crypto, { getRandomValues, randomUUID });
    Math.random = random;
  };
`;

/** What the program has written, and how it ended. */
export interface LikeWorkerd {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

/** Runs plain JavaScript, whose imports are found from the project's root, with no permission. */
export async function runLikeWorkerd(program: string): Promise<LikeWorkerd> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--no-prompt", "--ext=js", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([LIKE_WORKERD, program]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  const [out = "", complaints = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, out, complaints };
}
