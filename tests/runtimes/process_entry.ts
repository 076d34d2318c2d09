/** Runs the suite where there are processes, and prints what came of it: Deno, Node, Bun. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";
import { runSuite } from "./suite.ts";

const {
  UPSTASH_REDIS_REST_URL: url = "",
  UPSTASH_REDIS_REST_TOKEN: token = "",
  DABBA_TEST_NAMESPACE: namespace = "",
} = process.env;

console.log(JSON.stringify(await runSuite({ url, token, namespace })));
