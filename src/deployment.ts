/** The deployment: whether this is a preview of an application, by what its platform says of it. */

/** Reads a variable; undefined where it is not set, or may not be read. */
export type ReadVariable = (name: string) => string | undefined;

/** Is how long a preview's name may be; a branch may be called by 250 characters. */
const MAX_NAME = 40;

/**
 * Names the preview that this is: the branch, or the revision, in `[A-Za-z0-9_.-]`. Undefined in
 * production, and where the platform says nothing at run time, as Cloudflare does not.
 */
export function previewName(read: ReadVariable): string | undefined {
  return ofDenoDeploy(read) ?? ofVercel(read);
}

/** `production`, `git-branch/<name>` or `preview/<revision>`; the main branch has one of its own, too. */
function ofDenoDeploy(read: ReadVariable): string | undefined {
  const timeline = read("DENO_TIMELINE");
  if (!timeline || timeline === "production") return undefined;
  return nameOf(timeline.replace(/^git-branch\//, ""));
}

/** `VERCEL_TARGET_ENV` names an environment of one's own, which `VERCEL_ENV` calls a preview. */
function ofVercel(read: ReadVariable): string | undefined {
  const kind = read("VERCEL_ENV");
  if (!kind || kind === "production") return undefined;
  const target = read("VERCEL_TARGET_ENV");
  if (target && target !== kind) return nameOf(target);
  // Absent for what was deployed by hand.
  return nameOf(read("VERCEL_GIT_COMMIT_REF") || kind);
}

function nameOf(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, MAX_NAME);
  // What was changed could be the same for two branches.
  return name === text ? name : `${name}-${digest(text)}`;
}

/** FNV-1a over UTF-16: eight characters that tell branches apart, no secret. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
