/** Access rules for Redis users that may do no more than their part. */

import { Keys } from "./keys.ts";
import { checkNamespace } from "./options.ts";

/**
 * Names a part: a `producer` enqueues, reads and cancels; a `worker` also claims and settles, and
 * repairs after a restart; a `reader` only looks; an `operator` also redrives, discards and repairs.
 */
export type RedisRole = "producer" | "worker" | "reader" | "operator";

/** Says for whom the rules are. */
export interface RedisAclOptions {
  /** The namespace of the broker. @default "dabba" */
  readonly namespace?: string;
  /**
   * Whether the scripts are loaded by somebody else (see `redisScripts`): then the user needs no
   * `EVAL`, and can run no script but these.
   *
   * @default false
   */
  readonly preloaded?: boolean;
}

const LOOK = "time get hmget zrange";
// WAIT is for confirm: it changes nothing.
const WRITE = "set hset hdel zadd zrem sadd wait publish";
const WALK = "smembers smismember zcard zcount zmscore hscan zscan";
const COMMANDS: Readonly<Record<RedisRole, string>> = {
  producer: `${LOOK} ${WRITE}`,
  worker: `${LOOK} ${WRITE} srem subscribe info ${WALK}`,
  reader: `${LOOK} ${WALK}`,
  operator: `${LOOK} ${WRITE} srem subscribe ${WALK}`,
};

/**
 * Gives the rules of a role, for `ACL SETUSER` or an ACL file.
 *
 * A script may do only what its caller may: these users reach no key outside of the namespace, and
 * no command that administers the server; a reader changes nothing. The limit: Redis knows commands,
 * not scripts, so whoever may enqueue could also claim or redrive.
 *
 * ```ts
 * import { redisAcl } from "@dabba/queue/redis";
 *
 * console.log(`ACL SETUSER shop on >${crypto.randomUUID()} ${redisAcl("producer")}`);
 * ```
 *
 * @throws {TypeError} when the role or the namespace is none.
 */
export function redisAcl(role: RedisRole, options: RedisAclOptions = {}): string {
  const { namespace = "dabba", preloaded = false } = options;
  const commands = COMMANDS[role];
  if (commands === undefined) {
    const roles = Object.keys(COMMANDS).join(", ");
    throw new TypeError(`Cannot give rules for role "${role}": it is none of ${roles}`);
  }
  const allowed = `ping evalsha ${preloaded ? "" : "eval "}${commands}`;
  const { all, msg } = new Keys(checkNamespace(namespace));
  const channels = role === "reader" ? "" : ` &${msg}`;
  const words = allowed.split(" ").map((name) => `+${name}`);
  return `resetkeys ~${all} resetchannels${channels} -@all ${words.join(" ")}`;
}
