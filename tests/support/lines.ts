/** Lines from process to process: how one says them, and how who started it reads them. */

/** Is the output of a process. */
type Output = ReadableStream<Uint8Array<ArrayBuffer>>;

const encoder = new TextEncoder();

/** Says lines at once: what was said before a kill is still read. */
export function sayLines(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const bytes = encoder.encode(lines.join("\n") + "\n");
  for (let written = 0; written < bytes.length;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
}

/** Says a thing as one line of JSON, at once. */
export function sayJson(what: unknown): void {
  sayLines([JSON.stringify(what)]);
}

/** Gives the lines that have ended; returns what follows, which a kill may have cut short. */
export async function* wholeLinesOf(output: Output): AsyncGenerator<string, string, void> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  return rest;
}

/** Gives the lines, the last one whether it ended or not. */
export async function* linesOf(output: Output): AsyncGenerator<string, void, void> {
  const rest = yield* wholeLinesOf(output);
  if (rest !== "") yield rest;
}
