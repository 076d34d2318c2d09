/** What an access log says of one request: no key, no value, no token. */
export interface GatewayLogEntry {
  /** The method of the request. */
  readonly method: string;
  /** What served it: `/`, `/pipeline`, `/multi-exec`, `/subscribe`, `/billing`, or `/<command>`. */
  readonly route: string;
  /**
   * How often each command was asked for, by its name. What Redis does not know as a command is
   * counted as `?`, as it may be a secret that went astray.
   */
  readonly commands: Readonly<Record<string, number>>;
  /** The status of the response. */
  readonly status: number;
  /** How long the response took, in milliseconds; of a stream, until it began. */
  readonly ms: number;
  /** The length of the response's body; of a stream, 0. */
  readonly bytes: number;
}

/** The routes with a name; every other path is a command, and may hold a key. */
const ROUTES = new Set(["pipeline", "multi-exec", "subscribe", "psubscribe", "monitor", "billing"]);

/** Says which route serves an address, without its arguments. */
export function routeOf(url: string): string {
  const first = new URL(url).pathname.split("/")[1]!.toLowerCase();
  if (first === "") return "/";
  return ROUTES.has(first) ? `/${first}` : "/<command>";
}

/** Counts names; one that is not known is counted as `?`. */
export function countNames(
  names: readonly string[],
  isKnown: (name: string) => boolean,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    const shown = isKnown(name) ? name : "?";
    counts[shown] = (counts[shown] ?? 0) + 1;
  }
  return counts;
}

/** Writes an entry as a line for people. */
export function logLine({ method, route, commands, status, ms, bytes }: GatewayLogEntry): string {
  const names = Object.entries(commands).map(([name, n]) => n === 1 ? name : `${name} x${n}`);
  const what = names.length === 0 ? "-" : names.join(", ");
  return `${method} ${route} ${status} ${ms.toFixed(1)} ms ${bytes} B ${what}`;
}
