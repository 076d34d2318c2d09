import { Hono } from "hono";
import { Dabba } from "../../../src/dabba.ts";
import { tokenCheck } from "../../../src/gateway/auth.ts";
import { dabbaRoutes } from "../../../src/hono/mod.ts";
import { Secrets } from "../../../src/hono/secret.ts";
import { defineTask } from "../../../src/task.ts";
import { memoryBroker } from "../../../src/testing/mod.ts";
import { Random } from "../../broker/contract/random.ts";
import type { Check, Scale } from "../check.ts";
import { passing } from "../jobs.ts";

const SECRET = "7f3k9-this-is-the-secret-of-a-check-0123456789";
const MOST_T = 4.5;
const none = defineTask("none", { input: passing<null>() }, () => {});
/** The slowest of each kind are what the machine did besides. */
const KEPT = 0.9;
const EMPTY = ["", " ", undefined] as const;

export const check: Check = {
  id: "R36",
  title: "how secrets are compared",
  goal:
    "Welch's t < 4.5 between prefixes that are right and wrong ones, also of 0 to 256 letters, " +
    "and beyond it for a comparison that leaks; 0 of 10,000 odd headers let in; no start with an " +
    "empty secret",
  async run(scale) {
    const tries = scale.full ? 1_000_000 : 100_000;
    const gate = tokenCheck({ token: SECRET });
    const opens = (sent: string) => gate(sent) !== undefined;
    const gateway = timing(opens, { tries, seed: scale.seed, draw: pairOf });
    const lengths = timing(opens, { tries, seed: scale.seed, draw: pairOfAnyLength });
    const control = timing(leaks, { tries, seed: scale.seed, draw: pairOf });
    const routes = await timingOf(tries / 10, scale.seed);
    const letInCount = await countLetIn(scale);
    const started = EMPTY.filter(starts).length;
    const figure = `gateway: t = ${gateway.toFixed(2)} over ${tries} tries, ` +
      `${lengths.toFixed(2)} with lengths of 0 to 256; routes: t = ${routes.toFixed(2)} over ` +
      `${tries / 10}; a letter by letter comparison: ${control.toFixed(2)}; the slowest tenth of ` +
      `each left out; ${letInCount} of 10000 odd headers let in; ` +
      `${started} of ${2 * EMPTY.length - 1} started with an empty secret`;
    const met = Math.abs(gateway) < MOST_T && Math.abs(routes) < MOST_T &&
      Math.abs(lengths) < MOST_T && Math.abs(control) >= MOST_T && letInCount === 0 &&
      started === 0;
    return { figure, met };
  },
};

/**
 * Two secrets of one length: one is right but for its end, one is wrong from its beginning. Both are
 * read from JSON: text that was put together takes time to be hashed for how that was done.
 */
function pairOf(random: Random): [right: string, wrong: string] {
  const end = String.fromCharCode(97 + random.below(26));
  const pair = [SECRET.slice(0, -1) + end, "~" + SECRET.slice(1, -1) + end];
  return JSON.parse(JSON.stringify(pair));
}

/** The same of any length: the secret goes round as often as it takes. */
function pairOfAnyLength(random: Random): [right: string, wrong: string] {
  const length = random.between(0, 256);
  const right = SECRET.repeat(6).slice(0, length);
  const pair = [length === SECRET.length ? right.slice(0, -1) + "~" : right, "~".repeat(length)];
  return JSON.parse(JSON.stringify(pair));
}

/** Compares as nobody should, so that the check is seen to find it. */
function leaks(sent: string): boolean {
  if (sent.length !== SECRET.length) return false;
  for (let i = 0; i < sent.length; i++) {
    if (sent.charCodeAt(i) !== SECRET.charCodeAt(i)) return false;
  }
  return true;
}

/** Says how a comparison is timed. */
interface Timing {
  readonly tries: number;
  readonly seed: number;
  readonly draw: (random: Random) => [right: string, wrong: string];
}

function timing(compare: (sent: string) => boolean, { tries, seed, draw }: Timing): number {
  const random = new Random(seed);
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < tries; i++) {
    const pair = draw(random);
    // In a random order: what comes second finds the caches warm.
    const kind = random.below(2);
    const begunAt = performance.now();
    if (compare(pair[kind]!)) throw new Error("A wrong secret was let in");
    times[kind]!.push(performance.now() - begunAt);
  }
  return welch(times[0], times[1]);
}

async function timingOf(tries: number, seed: number): Promise<number> {
  const random = new Random(seed);
  const secrets = new Secrets(SECRET);
  const times: [number[], number[]] = [[], []];
  const app = new Hono().get("/", async (c) => c.text(String(await secrets.opens(c))));
  const requests = pairOf(random).map((secret) =>
    new Request("http://localhost/", { headers: { authorization: `Bearer ${secret}` } })
  );
  for (let i = 0; i < tries; i++) {
    const kind = random.below(2);
    const begunAt = performance.now();
    await app.fetch(requests[kind]!);
    times[kind]!.push(performance.now() - begunAt);
  }
  return welch(times[0], times[1]);
}

/** Welch's t of two samples, without their slowest tenth. */
function welch(a: readonly number[], b: readonly number[]): number {
  const [one, other] = [a, b].map((times) => {
    const kept = times.toSorted((x, y) => x - y).slice(0, Math.floor(times.length * KEPT));
    const mean = kept.reduce((sum, ms) => sum + ms, 0) / kept.length;
    const variance = kept.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  });
  return (one!.mean - other!.mean) / Math.sqrt(one!.error + other!.error);
}

/** Headers that are nearly right, and any bytes that a header takes. */
function oddHeader(random: Random): string {
  const parts = ["Bearer", "bearer", " ", "  ", "\t", SECRET, SECRET.slice(1), ",", ";", "Basic"];
  const odd = Array.from(
    { length: random.between(0, 5) },
    () =>
      random.chance(70)
        ? random.pick(parts)
        : String.fromCharCode(random.between(33, 126)).repeat(random.below(200)),
  ).join("");
  return new RegExp(`^\\s*bearer +${SECRET}\\s*$`, "i").test(odd) ? "" : odd;
}

async function countLetIn({ seed }: Scale): Promise<number> {
  const random = new Random(seed);
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { none } });
  const app = dabbaRoutes(dabba, { secret: SECRET });
  let count = 0;
  for (let i = 0; i < 10_000; i++) {
    const headers = { authorization: oddHeader(random) };
    const { status } = await app.request("/drain", { method: "POST", headers });
    if (status !== 401) count++;
  }
  return count;
}

/** Whether anything starts with such a secret; the routes without one refuse what changes something. */
function starts(secret: string | undefined): boolean {
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { none } });
  const tries = [
    () => tokenCheck({ token: secret?.trim() }),
    ...(secret === undefined ? [] : [() => dabbaRoutes(dabba, { secret })]),
  ];
  return tries.some((act) => {
    try {
      act();
      return true;
    } catch {
      return false;
    }
  });
}
