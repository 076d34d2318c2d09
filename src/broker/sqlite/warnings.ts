/** What a user should know of an SQLite or a file that works, but not as well as it might. */

/** Below this, two connections that write and checkpoint at once can damage the file. */
const SAFE_VERSION: readonly number[] = [3, 51, 3];

/** Lists the warnings for a file, from the version of SQLite and the journal mode it got. */
export function warningsOf(path: string, version: string, journalMode: string): string[] {
  const warnings: string[] = [];
  if (isOlder(version, SAFE_VERSION)) {
    warnings.push(
      `SQLite ${version} can damage a file that several connections write; ` +
        `${SAFE_VERSION.join(".")} is the first without that bug`,
    );
  }
  if (journalMode !== "wal" && journalMode !== "memory") {
    warnings.push(
      `"${path}" has no write-ahead log, its journal mode is "${journalMode}": ` +
        `it works, but slower; is it on a network file system?`,
    );
  }
  return warnings;
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  const at = than.findIndex((part, index) => parts[index] !== part);
  return at >= 0 && (parts[at] ?? 0) < than[at]!;
}
