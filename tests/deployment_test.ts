import { assertEquals, assertMatch } from "@std/assert";
import { previewName } from "../src/deployment.ts";

const named = (env: Record<string, string>) => previewName((name) => env[name]);

/** What platforms say at run time, and whose preview that is. */
const cases: readonly [string, Record<string, string>, string | undefined][] = [
  ["nothing", {}, undefined],
  ["production on Deno Deploy", { DENO_TIMELINE: "production" }, undefined],
  ["a branch on Deno Deploy", { DENO_TIMELINE: "git-branch/fix-mail" }, "fix-mail"],
  ["the main branch's own timeline", { DENO_TIMELINE: "git-branch/main" }, "main"],
  ["a build on Deno Deploy", { DENO_DEPLOY: "true", CI: "1" }, undefined],
  [
    "production on Vercel",
    { VERCEL_ENV: "production", VERCEL_GIT_COMMIT_REF: "main" },
    undefined,
  ],
  [
    "a branch on Vercel",
    { VERCEL_ENV: "preview", VERCEL_TARGET_ENV: "preview", VERCEL_GIT_COMMIT_REF: "fix-mail" },
    "fix-mail",
  ],
  ["a preview without a branch", { VERCEL_ENV: "preview", VERCEL_GIT_COMMIT_REF: "" }, "preview"],
  ["development with Vercel's variables", { VERCEL_ENV: "development" }, "development"],
  [
    "an environment of one's own on Vercel",
    { VERCEL_ENV: "preview", VERCEL_TARGET_ENV: "staging", VERCEL_GIT_COMMIT_REF: "main" },
    "staging",
  ],
  [
    "what Cloudflare sets while it builds",
    { CF_PAGES_BRANCH: "fix-mail", WORKERS_CI_BRANCH: "fix-mail" },
    undefined,
  ],
];

for (const [what, env, name] of cases) {
  Deno.test(`previewName() takes ${what} for ${name ?? "no preview"}`, () => {
    assertEquals(named(env), name);
  });
}

Deno.test("previewName() fits any branch, and keeps branches apart", () => {
  const branches = ["a/b", "a-b", "a.b", "ä", "ö", "x".repeat(250), "x".repeat(249), "preview/a"];
  const names = branches.map((branch) => named({ DENO_TIMELINE: `git-branch/${branch}` })!);
  assertEquals(new Set(names).size, branches.length);
  for (const name of names) assertMatch(`dabba:${name}`, /^[A-Za-z0-9_.:-]{1,64}$/);
  assertEquals(named({ DENO_TIMELINE: "preview/0a1b2c" })?.startsWith("preview-0a1b2c-"), true);
});
