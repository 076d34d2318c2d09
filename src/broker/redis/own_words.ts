/** What of an error's text is the store's own. */

const WORDS_MAX = 160;

/**
 * Keeps the store's own words: clients add the command with its payload behind them, and some errors
 * quote an argument. A quote or a bracket ends them.
 */
export function ownWords(message: string): string {
  const own = message.replace(/^Command failed: /, "").split(/, command was|Key was/)[0]!;
  const end = own.search(/["'`[{(<]/);
  return (end < 0 ? own : own.slice(0, end)).trim().slice(0, WORDS_MAX);
}
