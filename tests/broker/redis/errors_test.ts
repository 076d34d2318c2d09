import { assert, assertEquals, assertInstanceOf, assertNotMatch } from "@std/assert";
import { errors } from "@upstash/redis";
import { asBrokerError, isNoScript } from "../../../src/broker/redis/errors.ts";
import { ReplyShapeError } from "../../../src/broker/redis/reply.ts";
import { BrokerError, LayoutMismatchError } from "../../../src/errors.ts";

const CANARY = "s3cret-canary";
/** As @upstash/redis words an error: with the command, its keys and its payload. */
const upstash = (text: string) =>
  new errors.UpstashError(`${text}, command was: ["evalsha","0a","1","k","OOM ${CANARY}"]`);

type Class = "retry" | "full" | "fatal";

/** What Redis and Upstash answer, and what it means. */
const TEXTS: readonly (readonly [Class, string])[] = [
  ["full", "OOM command not allowed when used memory > 'maxmemory'."],
  ["full", "ERR Error running script: @user_script:7: -OOM command not allowed when used memory"],
  ["full", "ERR DB capacity quota exceeded"],
  ["full", "ERR max single record size exceeded. Limit: 104857600 bytes, Actual: 104857601 bytes"],
  ["retry", "LOADING Redis is loading the dataset in memory"],
  ["retry", "BUSY Redis is busy running a script. You can only call SCRIPT KILL"],
  ["retry", "UNKILLABLE Sorry the script already executed write commands"],
  ["retry", "READONLY You can't write against a read only replica."],
  ["retry", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
  ["retry", "CLUSTERDOWN The cluster is down"],
  ["retry", "TRYAGAIN Multiple keys request during rehashing of slot"],
  ["retry", "NOREPLICAS Not enough good replicas to write."],
  [
    "retry",
    "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk",
  ],
  ["retry", "ERR cannot reach Redis, the command was not sent: connect ECONNREFUSED"],
  ["retry", "ERR lost the connection to Redis before the reply: the command may have run"],
  ["retry", "Too Many Requests"],
  ["retry", "Internal Server Error"],
  ["retry", "503 Service Unavailable"],
  ["retry", "ERR something that nobody has seen yet"],
  ["fatal", "WRONGPASS invalid or missing auth token"],
  ["fatal", "NOAUTH Authentication required."],
  ["fatal", "Unauthorized"],
  ["fatal", "NOPERM this user has no permissions to run the 'evalsha' command"],
  ["fatal", "ERR The user executing the script can't run this command or subcommand script: 0"],
  ["retry", "ERR max requests limit exceeded. Limit: 500000, Usage: 500001"],
  ["retry", "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001"],
  ["fatal", "ERR max request size exceeded. Limit: 10485760 bytes, Actual: 10485761 bytes"],
  ["fatal", "ERR max key size exceeded. Limit: 32768 bytes, Actual: 40000 bytes"],
  ["fatal", "Request Entity Too Large"],
  ["fatal", "WRONGTYPE Operation against a key holding the wrong kind of value"],
  ["fatal", "ERR Dynamic keys are not allowed in Lua scripts. Key was: canary"],
  ["fatal", "ERR Unexpected flag in script shebang: allow-key-locking"],
  ["fatal", "ERR unknown command 'evalsha', with args beginning with: '0a' '1' 's3cret-canary'"],
];

/** Fails where anything that a user could log shows the canary. */
function assertClean(error: Error): void {
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    assertNotMatch(`${link.message}\n${link.stack}\n${Deno.inspect(link)}`, /canary/);
  }
}

for (const [kind, text] of TEXTS) {
  Deno.test(`asBrokerError() takes "${text.slice(0, 40)}" as ${kind}`, () => {
    for (const thrown of [upstash(text), new Error(text), upstash(`Command failed: ${text}`)]) {
      const error = asBrokerError("enqueue", thrown);
      assertInstanceOf(error, BrokerError);
      assertEquals([error.retryable, error.full], [kind !== "fatal", kind === "full"]);
      assert(error.message.startsWith("Cannot enqueue: "));
      assertClean(error);
    }
  });
}

Deno.test("asBrokerError() keeps the words of Redis as the cause", () => {
  const { cause } = asBrokerError("enqueue", upstash("READONLY You can't write here"));
  assertInstanceOf(cause, Error);
  assertEquals(cause.message, "READONLY You can");
});

Deno.test("asBrokerError() says how long a store that is asked too much is to be left alone", () => {
  const after = (text: string) =>
    (asBrokerError("enqueue", upstash(text)) as BrokerError).retryAfterMs;
  assertEquals([after("ERR too many requests"), after("LOADING Redis is loading")], [1_000, 0]);
});

Deno.test("asBrokerError() takes a payload for no error text", () => {
  const error = asBrokerError("enqueue", upstash("ERR unheard of"));
  assertInstanceOf(error, BrokerError);
  assertEquals(error.full, false);
});

/** What goes wrong on the way, and a word of what is said about it. */
const FAILURES: readonly (readonly [string, unknown, RegExp])[] = [
  ["a timeout", new DOMException(CANARY, "TimeoutError"), /deadline/],
  ["an aborted fetch", new DOMException(CANARY, "AbortError"), /deadline/],
  ["a page of HTML", new errors.UpstashJSONParseError(`<html>OOM ${CANARY}`), /not JSON/],
  [
    "a refused connection",
    new TypeError(`error sending request for url (http://${CANARY}/): Connection refused`),
    /refused/,
  ],
  [
    "a reset told by a code",
    new TypeError("fetch failed", {
      cause: Object.assign(new Error(CANARY), { code: "ECONNRESET" }),
    }),
    /broke/,
  ],
  ["an unknown host", new TypeError(`dns error: failed to lookup ${CANARY}`), /name/],
  ["a bad header", new TypeError(`"Bearer ${CANARY}" is not a header value`), /reached/],
  ["a lost connection of ioredis", new Error("Connection is closed."), /reached/],
  ["a reply of another shape", new ReplyShapeError("the reply is not a list"), /not a list/],
  ["something that is no error", CANARY, /without an error/],
  ["nothing at all", undefined, /without an error/],
];

for (const [name, thrown, words] of FAILURES) {
  Deno.test(`asBrokerError() takes ${name} as an outage`, () => {
    const error = asBrokerError("exchange", thrown);
    assertInstanceOf(error, BrokerError);
    assertEquals([error.retryable, error.full, error.operation], [true, false, "exchange"]);
    assert(words.test(error.message), error.message);
    assertClean(error);
  });
}

Deno.test("asBrokerError() says which permission Deno wants", () => {
  const error = asBrokerError("enqueue", new Deno.errors.NotCapable(`Requires net to ${CANARY}`));
  assertInstanceOf(error, BrokerError);
  assertEquals(error.retryable, false);
  assert(error.message.includes("--allow-net"));
  assertClean(error);
});

Deno.test("asBrokerError() leaves Dabba's own errors as they are", () => {
  const error = new LayoutMismatchError("2", "1", "namespace");
  assertEquals(asBrokerError("enqueue", error), error);
});

Deno.test("isNoScript() looks at the error's own words only", () => {
  assert(isNoScript(upstash("NOSCRIPT No matching script. Please use EVAL.")));
  assert(isNoScript(new Error("NOSCRIPT No matching script.")));
  assertEquals(isNoScript(new errors.UpstashError("ERR x, command was: NOSCRIPT")), false);
  assertEquals(isNoScript("NOSCRIPT"), false);
});

Deno.test("asBrokerError() marks a reason that it does not know", () => {
  const marked = ["ERR unheard of", "LOADING Redis is loading"].map((text) =>
    (asBrokerError("enqueue", upstash(text)) as BrokerError).unknown
  );
  assertEquals(marked, [true, false]);
});

Deno.test("asBrokerError() says how long a quota that is used up makes another try useless", () => {
  const error = asBrokerError("enqueue", upstash("ERR max daily request limit exceeded"));
  assertInstanceOf(error, BrokerError);
  assertEquals([error.retryable, error.retryAfterMs], [true, 60_000]);
});
