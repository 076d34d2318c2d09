import { type Argument, CommandError, type RedisCommand, refusal } from "./commands.ts";
import { waitRefusal, waits } from "./wait.ts";

/**
 * Reads the body of `POST /`: one command as a JSON array.
 *
 * @throws {CommandError} if it is malformed or the command is refused.
 */
export function parseCommand(text: string): RedisCommand {
  const json = parseJson(text, "command");
  if (isEmpty(json)) throw new CommandError("ERR empty command");
  if (!isCommand(json)) {
    throw new CommandError(
      'ERR failed to parse command: expected a JSON array such as ["SET","key","value"]',
    );
  }
  const command = checked(toCommand(json, () => parseExactly(text) as unknown[]));
  if (command instanceof CommandError) throw command;
  return command;
}

/**
 * Reads the body of `POST /pipeline`: an array of commands, the last of which may be a wait.
 *
 * A refused command comes back in its place as the error to answer with.
 *
 * @throws {CommandError} if the body as a whole is malformed.
 */
export function parsePipeline(text: string): (RedisCommand | CommandError)[] {
  const commands = parseCommands(text);
  return commands.map((command, index) =>
    index === commands.length - 1 && !(command instanceof CommandError) && waits(command)
      ? checked(command, waitRefusal)
      : checked(command)
  );
}

/** A million of the shortest ones would hold up everybody else for seconds. */
const MAX_COMMANDS = 100_000;

/**
 * Reads the body of `POST /multi-exec`: an array of commands.
 *
 * @throws {CommandError} if it is malformed or one of the commands is refused.
 */
export function parseTransaction(text: string): RedisCommand[] {
  return parseCommands(text).map((parsed) => {
    const command = checked(parsed);
    if (command instanceof CommandError) throw command;
    return command;
  });
}

function parseCommands(text: string): (RedisCommand | CommandError)[] {
  const json = parseJson(text, "pipeline request");
  if (isEmpty(json)) throw new CommandError("ERR empty pipeline request");
  if (!Array.isArray(json) || !json.every((item) => isCommand(item) || isEmpty(item))) {
    throw new CommandError(
      'ERR failed to parse pipeline request: expected a JSON array such as [["GET","a"],["GET","b"]]',
    );
  }
  if (json.length > MAX_COMMANDS) {
    throw new CommandError(
      `ERR max pipeline length exceeded. Limit: ${MAX_COMMANDS}, Actual: ${json.length}`,
    );
  }
  // Once for the whole body, however many of its commands need it.
  let exact: unknown[][] | undefined;
  return json.map((command, index) =>
    toCommand(command, () => (exact ??= parseExactly(text) as unknown[][])[index]!)
  );
}

/**
 * Reads a command from a path, such as `/set/key/value?EX=100`; a body is its last argument before
 * the query's.
 *
 * @throws {CommandError} if there is none, or it is refused.
 */
export function pathCommand([name, ...args]: readonly Argument[]): RedisCommand {
  if (typeof name !== "string" || name === "") {
    throw new CommandError("ERR failed to parse path: it does not begin with a command");
  }
  const command = checked({ name: name.toUpperCase(), args });
  if (command instanceof CommandError) throw command;
  return command;
}

/** Puts an error in the place of a command that is refused. */
function checked(
  command: RedisCommand | CommandError,
  refuse: (command: RedisCommand) => string | undefined = refusal,
): RedisCommand | CommandError {
  if (command instanceof CommandError) return command;
  const refused = refuse(command);
  return refused === undefined ? command : new CommandError(refused);
}

function isCommand(json: unknown): json is unknown[] {
  return Array.isArray(json) && typeof json[0] === "string" && json[0] !== "";
}

function isEmpty(json: unknown): boolean {
  return Array.isArray(json) && json.length === 0;
}

function toCommand(json: unknown[], exactly: () => unknown[]): RedisCommand | CommandError {
  if (json.length === 0) return new CommandError("ERR empty pipeline command");
  let source = json;
  const args = new Array<string>(json.length - 1);
  for (let i = 1; i < json.length; i++) {
    const value = source[i];
    if (typeof value === "string") {
      args[i - 1] = value;
    } else if (typeof value === "number") {
      // 9007199254740993 and 1.10 would change on their way through a double.
      if (!Number.isSafeInteger(value)) source = exactly();
      args[i - 1] = String(source[i]);
    } else if (typeof value === "boolean") {
      args[i - 1] = String(value);
    } else {
      const found = value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
      return new CommandError(
        `ERR failed to parse command: argument ${i} is ${found}, not a string or a number`,
      );
    }
  }
  return { name: (json[0] as string).toUpperCase(), args };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`ERR failed to parse ${what}: the body is not JSON`);
  }
}

/** Parses with each number as the text it was sent as. */
function parseExactly(text: string): unknown {
  try {
    return JSON.parse(
      text,
      (_key, value, context?: { source?: string }) =>
        typeof value === "number" ? context?.source ?? value : value,
    );
  } catch {
    // A reviver goes down by recursion: what is nested too deeply for it holds no command.
    throw new CommandError("ERR failed to parse request: it is nested too deeply");
  }
}
