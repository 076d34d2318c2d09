import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { bury, idsOf, message, retry, succeed, target } from "./messages.ts";
import { type Cases, LEASE_MS, MIN_RETAIN_MS, type Stage } from "./stage.ts";

const OP = { id: "op1", retainMs: 0 };

/** Lets messages die, one at each instant, the first first. */
async function die(stage: Stage, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await stage.settle(bury(await stage.pushAndClaim(id), { journal: `j-${id}` }));
    stage.advance(1);
  }
}

async function allPages(stage: Stage, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: string | undefined;
  do {
    const page = await stage.broker.dead({ limit, after });
    pages.push(idsOf(page.letters));
    after = page.next;
    // A list that never ends must fail, not run for ever.
  } while (after !== undefined && pages.length < 50);
  return pages;
}

/** Dead letters: listing, sending round again, throwing away. */
export const deadCases: Cases = {
  "dead() lists letters as they are read, newest first": async (stage) => {
    await die(stage, "a", "b");
    const page = await stage.broker.dead({ limit: 10 });
    assertEquals(page.letters, [await stage.record("b"), await stage.record("a")]);
    assertEquals([page.next, page.total], [undefined, 2]);
  },
  "dead() answers an empty page when nothing died": async (stage) => {
    await stage.push("m");
    const page = await stage.broker.dead({ limit: 10 });
    assertEquals(page, { letters: [], next: undefined, total: 0 });
  },
  "dead() turns pages": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e");
    assertEquals(await allPages(stage, 2), [["e", "d"], ["c", "b"], ["a"]]);
    assertEquals(await allPages(stage, 5), [["e", "d", "c", "b", "a"]]);
    assertEquals((await stage.broker.dead({ limit: 2 })).total, 5);
  },
  "dead() shows each letter once over the pages when all died at once": async (stage) => {
    const ids = Array.from({ length: 25 }, (_, index) => `m${index}`);
    await stage.push(...ids);
    await stage.settle(...(await stage.claim()).map((one) => bury(one)));
    const pages = await allPages(stage, 4);
    assertEquals(pages.map((page) => page.length), [4, 4, 4, 4, 4, 4, 1]);
    assertEquals(pages.flat().sort(), ids.sort());
  },
  "dead() turns pages steadily while letters come and go": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e", "f");
    const first = await stage.broker.dead({ limit: 2 });
    assertEquals(idsOf(first.letters), ["f", "e"]);
    await die(stage, "new");
    await stage.broker.redrive([message("e"), message("c")], "op");
    await stage.broker.discard([target("f")], OP);
    const second = await stage.broker.dead({ limit: 2, after: first.next });
    assertEquals(idsOf(second.letters), ["d", "b"]);
    const third = await stage.broker.dead({ limit: 2, after: second.next });
    assertEquals([idsOf(third.letters), third.next], [["a"], undefined]);
  },
  "redrive() sends a dead letter round again with fresh budgets": async (stage) => {
    await stage.push({ id: "m", queue: "mail", priority: "high" });
    const queues = ["mail"];
    await stage.claimOne({ queues });
    stage.advance(LEASE_MS);
    const [second] = await stage.claim({ queues });
    await stage.settle(bury(second!, { journal: "j" }));
    stage.advance(5);
    const letter = (await stage.broker.dead({ limit: 1 })).letters[0]!;
    assertEquals(await stage.broker.redrive([letter], "op1"), ["redriven"]);
    const record = await stage.record();
    assertEquals([record.state, record.failures, record.crashes], ["ready", 0, 0]);
    assertEquals([record.fence, record.journal, record.body], [2, "j", "body"]);
    assertEquals([record.dueAtMs, record.finishedAtMs], [stage.nowMs, 0]);
    const [again] = await stage.claim({ queues });
    assertEquals([again!.fence, again!.failures, again!.crashes], [3, 0, 0]);
    assertEquals([again!.priority, again!.journal, again!.crashedWorker], ["high", "j", ""]);
  },
  "redrive() puts a letter behind those waiting": async (stage) => {
    await die(stage, "m");
    await stage.push("first");
    await stage.broker.redrive([message("m")], "op1");
    await stage.push("last");
    assertEquals(idsOf(await stage.claim()), ["first", "m", "last"]);
  },
  "redrive() takes the letter off the list": async (stage) => {
    await die(stage, "a", "b");
    await stage.broker.redrive([message("a")], "op1");
    const page = await stage.broker.dead({ limit: 10 });
    assertEquals([idsOf(page.letters), page.total], [["b"], 1]);
    assertEquals((await stage.broker.stats()).dead, 1);
  },
  "redrive() lifts the expiry": async (stage) => {
    const delivery = await stage.pushAndClaim({ id: "m", expiresInMs: 100 });
    await stage.settle(bury(delivery));
    stage.advance(200);
    await stage.broker.redrive([message("m")], "op1");
    assertEquals(await stage.states("m"), ["ready"]);
    assertEquals((await stage.claimOne()).expiresAtMs, 0);
  },
  "redrive() sent twice answers the same and changes nothing": async (stage) => {
    await die(stage, "m");
    const letters = [message("m"), message("none")];
    const first = await stage.broker.redrive(letters, "op1");
    assertEquals(first, ["redriven", "not_dead"]);
    stage.advance(10);
    const second = await stage.unchanged("m", () => stage.broker.redrive(letters, "op1"));
    assertEquals(second, first);
  },
  "redrive() sent again after the letter died again leaves it dead": async (stage) => {
    await die(stage, "m");
    await stage.broker.redrive([message("m")], "op1");
    await stage.settle(bury(await stage.claimOne()));
    const late = await stage.unchanged("m", () => stage.broker.redrive([message("m")], "op1"));
    assertEquals(late, ["redriven"]);
    assertEquals(await stage.states("m"), ["dead"]);
    assertEquals(await stage.broker.redrive([message("m")], "op2"), ["redriven"]);
    assertEquals(await stage.states("m"), ["ready"]);
  },
  "redrive() of a letter named twice redrives it once": async (stage) => {
    await die(stage, "m");
    const answers = await stage.broker.redrive([message("m"), message("m")], "op1");
    assertEquals(answers, ["redriven", "redriven"]);
    assertEquals(idsOf(await stage.claim()), ["m"]);
  },
  "redrive() keeps the order asked": async (stage) => {
    const ids = Array.from({ length: 300 }, (_, index) => `m${(index * 7) % 300}`);
    await stage.push(...ids);
    await stage.settle(...(await stage.claim({ max: 300 })).map((one) => bury(one)));
    const answers = await stage.broker.redrive(ids.map(message), "op1");
    assertEquals(answers, ids.map(() => "redriven"));
    assertEquals(idsOf(await stage.claim({ max: 300 })), ids);
  },
  "discard() throws a dead letter away, its outcome stays a while": async (stage) => {
    await die(stage, "m");
    const retainMs = 2 * MIN_RETAIN_MS;
    const op = { id: "op1", retainMs };
    assertEquals(await stage.broker.discard([target("m", "why")], op), ["discarded"]);
    const { state, result, body, finishedAtMs, failures } = await stage.record();
    assertEquals([state, result, body, failures], ["cancelled", "why", "", 1]);
    assertEquals(finishedAtMs, stage.nowMs);
    const page = await stage.broker.dead({ limit: 10 });
    assertEquals([page.letters, page.total], [[], 0]);
    stage.advance(retainMs - 1);
    assertEquals(await stage.states("m"), ["cancelled"]);
    stage.advance(1);
    assertEquals(await stage.states("m"), [undefined]);
  },
  "discard() sent twice answers the same and changes nothing": async (stage) => {
    await die(stage, "m");
    const letters = [target("m", "r"), target("none")];
    const first = await stage.broker.discard(letters, OP);
    assertEquals(first, ["discarded", "not_dead"]);
    stage.advance(10);
    const second = await stage.unchanged("m", () => stage.broker.discard(letters, OP));
    assertEquals(second, first);
  },
  "discard() takes MAX_BATCH letters": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`);
    await stage.push(...ids);
    const claimed = await stage.claim({ max: MAX_BATCH });
    await stage.settle(...claimed.map((one) => bury(one)));
    assertEquals((await stage.broker.dead({ limit: MAX_BATCH })).letters.length, MAX_BATCH);
    const answers = await stage.broker.discard(ids.map((id) => target(id)), OP);
    assertEquals(answers, ids.map(() => "discarded"));
    assertEquals((await stage.broker.stats()).dead, 0);
  },
  "redrive() and discard() of nothing answer nothing": async (stage) => {
    assertEquals(await stage.broker.redrive([], "op1"), []);
    assertEquals(await stage.broker.discard([], OP), []);
  },
  "a redriven message can fail, back off and succeed": async (stage) => {
    await die(stage, "m");
    await stage.broker.redrive([message("m")], "op1");
    await stage.settle(retry(await stage.claimOne(), { delayMs: 50, journal: "again" }));
    stage.advance(50);
    assertEquals(await stage.settle(succeed(await stage.claimOne())), ["ok"]);
    const { state, fence, failures } = await stage.record();
    assertEquals([state, fence, failures], ["succeeded", 3, 1]);
  },
};
