/** An argument of a command: text, or bytes that may be none. */
export type Argument = string | Uint8Array;

/** A command as it goes to Redis: its name in upper case and its arguments. */
export interface RedisCommand {
  readonly name: string;
  readonly args: Argument[];
  /** What the client is told instead of the reply, as it knows nothing of what was sent for it. */
  readonly answer?: string;
}

/** A command that the gateway refuses; the message is the error the client is told. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandError";
  }
}

/** Why a family of commands is not passed on. */
const REASONS = {
  blocking: "blocks the connection that all requests share",
  state: "changes the state of the connection that all requests share",
  stream: "does not answer with one reply",
  admin: "administers the server",
} as const;

const REFUSED: ReadonlyMap<string, keyof typeof REASONS> = new Map([
  ...family("blocking", "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP"),
  ...family("blocking", "WAIT WAITAOF"),
  ...family("state", "AUTH HELLO SELECT QUIT RESET CLIENT MULTI EXEC DISCARD WATCH UNWATCH"),
  ...family("state", "ASKING READONLY READWRITE CLUSTER"),
  ...family("stream", "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE"),
  ...family("stream", "MONITOR SYNC PSYNC REPLCONF"),
  ...family("admin", "ACL BGREWRITEAOF BGSAVE CONFIG DEBUG FAILOVER LATENCY MIGRATE MODULE"),
  ...family(
    "admin",
    "SWAPDB REPLICAOF SAVE SHUTDOWN SLAVEOF PFDEBUG PFSELFTEST RESTORE-ASKING SLOWLOG",
  ),
]);

function family<R extends keyof typeof REASONS>(reason: R, names: string): [string, R][] {
  return names.split(" ").map((name) => [name, reason]);
}

/**
 * Says why a command is not passed on, or nothing if it is.
 *
 * All requests share one connection: what blocks it or changes its state would hit the others.
 * And a token for data is no key to the server: `CONFIG SET dir` writes files, for instance.
 */
export function refusal({ name, args }: RedisCommand): string | undefined {
  const reason = REFUSED.get(name);
  if (reason !== undefined) {
    if (name === "CONFIG" && setsKeyspaceEvents(args)) return undefined;
    return `ERR Command is not available: '${name}' ${REASONS[reason]}${wayOut(name)}`;
  }
  if ((name === "XREAD" || name === "XREADGROUP") && blocks(args)) {
    return `ERR Command is not available: '${name}' with BLOCK ${REASONS.blocking}`;
  }
  if (name === "SCRIPT" && word(args, 0) === "DEBUG") {
    return `ERR Command is not available: 'SCRIPT DEBUG' ${REASONS.state}`;
  }
  return undefined;
}

/** How to have what a command is for, where that is served in another way. */
function wayOut(name: string): string {
  if (name !== "SUBSCRIBE" && name !== "PSUBSCRIBE") return "";
  return `; ask for /${name.toLowerCase()}/<name> with the header Accept: text/event-stream`;
}

/**
 * Says whether a command ends a script that runs: the one thing that a Redis hears of then, and not by
 * the connection that the script holds up.
 */
export function endsScript({ name, args }: RedisCommand): boolean {
  return (name === "SCRIPT" || name === "FUNCTION") && word(args, 0) === "KILL";
}

/** An argument as the word that it may be, in upper case; empty where there is none. */
export function word(args: readonly Argument[], index: number): string {
  const arg = args[index];
  return typeof arg === "string" ? arg.toUpperCase() : "";
}

function setsKeyspaceEvents(args: readonly Argument[]): boolean {
  return args.length === 3 && word(args, 0) === "SET" &&
    word(args, 1) === "NOTIFY-KEYSPACE-EVENTS";
}

/** Options end at STREAMS: a stream may be named "block", and a group or its consumer "streams". */
function blocks(args: readonly Argument[]): boolean {
  for (let i = word(args, 0) === "GROUP" ? 3 : 0; i < args.length; i++) {
    const option = word(args, i);
    if (option === "STREAMS") return false;
    if (option === "BLOCK") return true;
  }
  return false;
}
