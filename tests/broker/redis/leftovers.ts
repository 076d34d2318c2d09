/** Looks through all keys of a namespace for what has neither an end nor a use. */

import type { RedisGateway } from "../../support/redis_gateway.ts";

type Hash = ReadonlyMap<string, string>;
type Scores = ReadonlyMap<string, number>;

/** Keys that stay for good, besides one sorted set for each line. */
const PERMANENT = ["version", "msg", "lines", "exp", "dead", "dedupe"];

/** Is all that a namespace holds. */
interface Contents {
  readonly msg: Hash;
  readonly dedupe: Hash;
  readonly exp: Scores;
  readonly dead: Scores;
  readonly lines: ReadonlySet<string>;
  readonly due: ReadonlyMap<string, Scores>;
}

/** Lists what is wrong; nothing is expected. */
export async function listLeftovers(server: RedisGateway): Promise<string[]> {
  const prefix = `{${server.namespace}}:`;
  const keys = (await server.redis.keys(`*${server.namespace}*`)).sort();
  const known = (key: string) =>
    PERMANENT.some((name) => key === prefix + name) || key.startsWith(`${prefix}due:`);
  const contents = await readContents(server, prefix);
  return [
    ...keys.filter((key) => !known(key)).map((key) => `key ${key}`),
    ...checkFields(contents),
    ...checkLines(contents),
    ...checkEntries(contents),
  ];
}

async function readContents({ redis }: RedisGateway, prefix: string): Promise<Contents> {
  const hash = async (name: string) => new Map(Object.entries(await redis.hgetall(prefix + name)));
  const scores = async (key: string) => {
    const flat = await redis.zrange(key, 0, -1, "WITHSCORES");
    return new Map(flat.flatMap((id, i) => i % 2 ? [] : [[id, Number(flat[i + 1])] as const]));
  };
  const dueKeys = await redis.keys(`${prefix}due:*`);
  const due = await Promise.all(
    dueKeys.map(async (key) => [key.slice(prefix.length + 4), await scores(key)] as const),
  );
  return {
    msg: await hash("msg"),
    dedupe: await hash("dedupe"),
    exp: await scores(`${prefix}exp`),
    dead: await scores(`${prefix}dead`),
    lines: new Set(await redis.smembers(`${prefix}lines`)),
    due: new Map(due),
  };
}

/** Every field of the messages' hash belongs to something that is there. */
function checkFields({ msg, exp, dead, lines, due }: Contents): string[] {
  return [...msg].flatMap(([field, value]) => {
    const mark = field.match(/^[@~$&]|[!%]$/)?.[0];
    const name = field.replace(/^[@~$]|[!%]$/, "");
    switch (mark) {
      case "$":
        if (name === "d") return checkDead(value, msg, dead);
        return /^\d+ \d+ \d+$/.test(value) ? [] : [`the stock is ${value}`];
      case "&":
        return /^(\S+\.\d+( \S+\.\d+)*)?$/.test(value) ? [] : [`the sleepers are ${value}`];
      case "@":
        return exp.has(field) ? [] : [`channel ${name} has no end`];
      case "~":
        return lines.has(name) ? [] : [`hint of an unknown line ${name}`];
      case "!":
      case "%":
        return msg.has(name) ? [] : [`field ${field} without a message`];
    }
    const line = value.split(" ")[1]!;
    const places = [
      due.get(line)?.has(name) ? "line" : "",
      dead.has(name) ? "dead" : "",
      exp.has(name) ? "outcome" : "",
    ].filter((place) => place !== "");
    const hold = msg.get(`${name}!`) ?? "";
    const wanted = value.startsWith("O") ? "outcome" : hold.startsWith("d") ? "dead" : "line";
    return places.join() === wanted ? [] : [`message ${name} is ${wanted}, but in: ${places}`];
  });
}

/** The dead letters are counted as many as there are, with the bytes of their bodies and journals. */
function checkDead(value: string, msg: Hash, dead: Scores): string[] {
  let bytes = 0;
  for (const id of dead.keys()) {
    const body = msg.get(id)?.split(" ").slice(6).join(" ") ?? "";
    const journal = msg.get(`${id}!`)?.split(" ").slice(11).join(" ") ?? "";
    bytes += new TextEncoder().encode(body + journal).length;
  }
  const counted = `${dead.size} ${bytes}`;
  return value === counted ? [] : [`the dead are counted as ${value}, not ${counted}`];
}

/** Every line's hint is a lower bound, and empty for an empty line; no line waits unknown. */
function checkLines({ msg, lines, due }: Contents): string[] {
  const names = new Set([...lines, ...due.keys()]);
  return [...names].flatMap((name) => {
    const hint = msg.get(`~${name}`);
    const first = Math.min(...due.get(name)?.values() ?? []);
    if (!lines.has(name)) return [`line ${name} is not on the list`];
    if (hint === undefined) return [`line ${name} has no hint`];
    if (first === Infinity) return hint === "" ? [] : [`empty line ${name} has the hint ${hint}`];
    return hint !== "" && Number(hint) <= first ? [] : [`line ${name}: ${hint} > ${first}`];
  });
}

/** Every entry of an index has what it speaks of. */
function checkEntries({ msg, dedupe, exp, dead, due }: Contents): string[] {
  const live = (id: string) => msg.get(id)?.startsWith("L");
  return [
    ...[...due].flatMap(([line, ids]) =>
      [...ids.keys()].filter((id) => !live(id)).map((id) => `entry ${id} of line ${line}`)
    ),
    ...[...dead.keys()].filter((id) => !live(id)).map((id) => `entry ${id} of the dead`),
    ...[...exp.keys()].filter((entry) =>
      entry.startsWith("#") ? !dedupe.has(entry.slice(1)) : !msg.has(entry)
    ).map((entry) => `entry ${entry} to be forgotten`),
    ...[...dedupe.keys()].filter((key) => !exp.has(`#${key}`)).map((key) => `key ${key} for good`),
  ];
}
