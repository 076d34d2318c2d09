/** Brings redis-server to a machine that has none, where that is allowed. */

/** How each package manager installs redis-server; the first one present is used. */
const MANAGERS: readonly { command: string; steps: readonly string[][]; asRoot: boolean }[] = [
  {
    command: "apt-get",
    steps: [["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "redis-server"]],
    asRoot: true,
  },
  { command: "apk", steps: [["apk", "add", "--no-progress", "redis"]], asRoot: true },
  { command: "dnf", steps: [["dnf", "install", "-q", "-y", "redis"]], asRoot: true },
  { command: "brew", steps: [["brew", "install", "--quiet", "redis"]], asRoot: false },
];

const BY_HAND =
  "redis-server is missing and cannot be installed from here: install Redis 7 so that " +
  "`redis-server` is on PATH (apt-get install redis-server, brew install redis), then run again";

/**
 * Sees to it that `redis-server` can be started.
 *
 * @throws {Error} with one line that says what to install, if it cannot be brought.
 */
export async function bringRedis(say: (line: string) => void): Promise<void> {
  if (Deno.env.has("DABBA_REDIS_SERVER") || await succeeds(["redis-server", "--version"])) return;
  for (const { command, steps, asRoot } of MANAGERS) {
    if (!await succeeds([command, "--version"])) continue;
    const prefix = asRoot ? await rootPrefix() : [];
    if (!prefix) break;
    say(`redis-server: not on PATH, installing it with ${command}`);
    for (const step of steps) {
      if (!await succeeds([...prefix, ...step], "inherit")) throw new Error(BY_HAND);
    }
    if (await succeeds(["redis-server", "--version"])) return;
    break;
  }
  throw new Error(BY_HAND);
}

/** What to put before a command so that root runs it, or nothing if there is no way. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  return await succeeds(["sudo", "-n", "true"]) ? ["sudo", "-n"] : undefined;
}

async function succeeds(
  [command, ...args]: string[],
  output: "null" | "inherit" = "null",
): Promise<boolean> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    const child = new Deno.Command(command!, {
      args,
      env,
      stdin: "null",
      stdout: output,
      stderr: output,
    });
    return (await child.spawn().status).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
