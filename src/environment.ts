/** Environment variables, where the runtime has them and lets us read them. */

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
