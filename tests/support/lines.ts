/** Reads what a process writes, line by line. */

/** Is the output of a process. */
type Output = ReadableStream<Uint8Array<ArrayBuffer>>;

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
