import { cases } from "./cases.ts";
import { type Store, testProcesses } from "./scene.ts";

async function open(): Promise<Store> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-processes-" });
  return {
    address: { kind: "sqlite", path: `${folder}/dabba.db` },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

testProcesses("sqlite in a file", cases, open);
