/** Asks a gateway by the client of Upstash, as it is, and prints each answer beside what it should be. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";
import { Redis } from "@upstash/redis";
import { askAll } from "./upstash_commands.ts";

const [url, token, prefix] = process.argv.slice(2);
const redis = new Redis({ url: url!, token: token! });
const answers = [];
for await (const asked of askAll(redis, prefix!)) answers.push(asked);
console.log(JSON.stringify(answers));
// A subscription of this client leaves its connection to time out.
process.exit(0);
