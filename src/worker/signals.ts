/** Stop signals, on the runtimes that have them. */

interface ProcessLike {
  readonly pid: number;
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
  kill(pid: number, name: string): unknown;
}

/** Calls back on SIGINT and SIGTERM; the function that comes back stops listening. */
export function onStopSignal(callback: (name: string) => void): () => void {
  // `Deno` is read only inside functions: on other runtimes it does not exist.
  const deno = typeof Deno !== "undefined" && typeof Deno.addSignalListener === "function";
  if (!deno && processLike() === undefined) return () => {};
  const stops = stopNames(deno).map((name) => {
    const listener = () => callback(name);
    if (deno) {
      Deno.addSignalListener(name, listener);
      return () => Deno.removeSignalListener(name, listener);
    }
    processLike()?.on(name, listener);
    return () => processLike()?.off(name, listener);
  });
  return () => stops.forEach((stop) => stop());
}

/** Sends this process a signal, as if it had come from outside. */
export function raiseSignal(name: string): void {
  const process = processLike();
  if (process) process.kill(process.pid, name);
}

function stopNames(deno: boolean): ("SIGINT" | "SIGTERM")[] {
  // Windows knows no SIGTERM.
  return deno && Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
}

function processLike(): ProcessLike | undefined {
  const process = (globalThis as { process?: Partial<ProcessLike> }).process;
  return typeof process?.on === "function" && typeof process.kill === "function"
    ? process as ProcessLike
    : undefined;
}
