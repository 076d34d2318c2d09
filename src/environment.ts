/** What the runtime tells of itself: variables, where it lets us read them, and which one it is. */

/** Reads a variable; undefined where it is not set, not allowed, or there is no environment. */
export function readEnv(name: string): string | undefined {
  if (typeof Deno !== "undefined" && Deno.permissions) {
    // Asking would stop a program at a prompt: what was not granted is not read.
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  }
  const process =
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return process?.env?.[name];
}

/** Says whether a variable may be set and we are not allowed to look. */
export function isHidden(name: string): boolean {
  if (typeof Deno === "undefined" || !Deno.permissions) return false;
  return Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted";
}

/** Says whether this is a Cloudflare Worker, also where it gives itself out for Node. */
export function isCloudflare(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}
