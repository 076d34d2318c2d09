/** Guards of the gateway. */

import type { Mutant } from "./mutant.ts";

/** One guard each. */
export const gatewayMutants: readonly Mutant[] = [
  {
    guard: "what one request is answered has an end",
    file: "src/gateway/reply_limit.ts",
    find: "if (left >= 0) return text;",
    put: "return text;",
    tests: ["tests/gateway/reply_limit_test.ts"],
  },
  {
    guard: "nothing is run for who hung up while waiting for a connection",
    file: "src/gateway/spares.ts",
    find: "if (caller.aborted) {",
    put: "if (caller === undefined) {",
    tests: ["tests/gateway/wait_test.ts"],
  },
  {
    guard: "a wait runs on a connection of its own",
    file: "src/gateway/routes.ts",
    find: "if (!(last instanceof CommandError) && waits(last)) {",
    put: "if (last === undefined) {",
    tests: ["tests/gateway/wait_test.ts"],
  },
  {
    guard: "a wait has an end",
    file: "src/gateway/wait.ts",
    find: "if (timeout >= 1 && timeout <= MAX_WAIT_MS) return undefined;",
    put: "return undefined;",
    tests: ["tests/gateway/wait_test.ts"],
  },
  {
    guard: "a Redis that hangs is given up",
    file: "src/gateway/silence.ts",
    find: "else this.#options.onSilence();",
    put: "",
    tests: ["tests/gateway/silence_test.ts"],
  },
  {
    guard: "a request waits for a Redis that restarts",
    file: "src/gateway/link.ts",
    find:
      "if (isReplyError(error) || performance.now() + pause > deadline) throw unreachable(error);",
    put: "throw unreachable(error);",
    tests: ["tests/gateway/outage_test.ts"],
  },
  {
    guard: "a connection that sends what is no reply is given up",
    file: "src/gateway/wire.ts",
    find: "this.#stream.destroy(error as Error);",
    put: "",
    tests: ["tests/gateway/wire_test.ts"],
  },
  {
    guard: "the length of an argument is in bytes",
    file: "src/gateway/command_bytes.ts",
    find: "return bytes.length === text.length ? bytes : bytesOfEach([name, ...args]);",
    put: "return bytes;",
    tests: ["tests/gateway/command_bytes_test.ts"],
  },
  {
    guard: "a reply is cut by characters only where each is one byte",
    file: "src/gateway/reply.ts",
    find: "if (text.length === frame.length) return",
    put: "if (text.length > 0) return",
    tests: ["tests/gateway/encode_test.ts"],
  },
  {
    guard: "a reader that is too slow is left behind",
    file: "src/gateway/event_stream.ts",
    find: "if (this.#controller.desiredSize! <= 0) this.end();\n    else ",
    put: "",
    tests: ["tests/gateway/subscribe_test.ts"],
  },
  {
    guard: "a subscription needs a token that may do everything",
    file: "src/gateway/routes.ts",
    find: `if (access !== "full") throw noPermission(topics[0]!.kind);`,
    put: "",
    tests: ["tests/gateway/subscribe_test.ts"],
  },
  {
    guard: "a log shows no word that is no command",
    file: "src/gateway/access_log.ts",
    find: `const shown = isKnown(name) ? name : "?";`,
    put: "const shown = name;",
    tests: ["tests/gateway/log_test.ts"],
  },
];
