/** Types, checked by the compiler: each `@ts-expect-error` fails when the type goes soft. */

import { assertEquals } from "@std/assert";
import {
  type BoundTask,
  Dabba,
  defineTask,
  type Handler,
  type Receipt,
  type Schema,
  task,
  type TaskContext,
} from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
const exactly = <_Holds extends true>(): void => {};

const input = z.object({ key: z.string(), size: z.coerce.number().default(3) });
const output = z.object({ at: z.string().transform((text) => new Date(text)) });

class Images {
  @task("image.resize", { input: z.object({ key: z.string() }) })
  async resize(input: { key: string }, ctx: TaskContext): Promise<{ sizes: string[] }> {
    ctx.progress({ done: 1 });
    return await Promise.resolve({ sizes: [input.key] });
  }

  @task("image.count", { input: z.array(z.string()), output: z.number() })
  count(keys: readonly string[]): number {
    return keys.length;
  }

  @task("image.clear", { input: z.null() })
  clear(): void {}
}

const full = defineTask("full", { input, output }, () => ({ at: "2030-01-01" }));
const open = defineTask("open", { input: z.number() }, (n) => [n, "text"] as const);
const later = defineTask("later", { input: z.number() }, (n) => Promise.resolve({ n }));
const contract = defineTask("contract", { input, output });
const bare = defineTask("bare", { input: z.string() });
const joined = contract.handler(() => ({ at: "2030-01-01" }));
const joinedBare = defineTask("joined", { input: z.string() }).handler((text) => text.length);
const ours: Schema<number, string> = {
  "~standard": { version: 1, vendor: "ours", validate: (value) => ({ value: String(value) }) },
};
const custom = defineTask("custom", { input: ours, output: ours }, (text) => text.length);

function dabba() {
  const tasks = {
    full,
    open,
    later,
    contract,
    joinedBare,
    custom,
    images: new Images(),
    group: { bare },
  };
  return new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks, log: false });
}

type Tasks = ReturnType<typeof dabba>["tasks"];
type In<T> = T extends BoundTask<infer I, infer _> ? I : never;
type Out<T> = T extends BoundTask<infer _, infer O> ? O : never;

Deno.test("Dabba.tasks takes what the input schema takes", () => {
  exactly<Equal<In<Tasks["full"]>, z.input<typeof input>>>();
  exactly<Equal<In<Tasks["open"]>, number>>();
  exactly<Equal<In<Tasks["contract"]>, z.input<typeof input>>>();
  exactly<Equal<In<Tasks["custom"]>, number>>();
  exactly<Equal<In<Tasks["group"]["bare"]>, string>>();
  exactly<Equal<In<Tasks["images"]["resize"]>, { key: string }>>();
});

Deno.test("Dabba.tasks gives what the output schema gives, or what the handler returns", () => {
  exactly<Equal<Out<Tasks["full"]>, { at: Date }>>();
  exactly<Equal<Out<Tasks["open"]>, readonly [number, "text"]>>();
  exactly<Equal<Out<Tasks["later"]>, { n: number }>>();
  exactly<Equal<Out<Tasks["contract"]>, { at: Date }>>();
  exactly<Equal<Out<Tasks["joinedBare"]>, number>>();
  exactly<Equal<Out<Tasks["custom"]>, string>>();
  exactly<Equal<Out<Tasks["group"]["bare"]>, unknown>>();
  exactly<Equal<Out<Tasks["images"]["resize"]>, { sizes: string[] }>>();
  exactly<Equal<Out<Tasks["images"]["count"]>, number>>();
});

/** Never called: only the compiler reads it. */
export async function wrongCalls({ tasks }: ReturnType<typeof dabba>): Promise<void> {
  // @ts-expect-error the input lacks its key
  await tasks.full.enqueue({ size: 3 });
  // @ts-expect-error the key is no text
  await tasks.full.enqueue({ key: 7 });
  // @ts-expect-error the input is missing
  await tasks.open.enqueue();
  // @ts-expect-error the input is no number
  await tasks.open.enqueue("7");
  // @ts-expect-error one of many is no number
  await tasks.open.enqueueMany([1, "2"]);
  // @ts-expect-error the input of a direct call is no number
  await tasks.open("7");
  // @ts-expect-error the input of a method lacks its key
  await tasks.images.resize.enqueue({});
  // @ts-expect-error the input of a task in a group is no text
  await tasks.group.bare.enqueue(7);
  // @ts-expect-error there is no such task
  await tasks.crop.enqueue({});
  // @ts-expect-error there is no such method
  await tasks.images.crop.enqueue({});
  // @ts-expect-error a lane that does not exist
  await tasks.open.enqueue(1, { priority: "urgent" });
  // @ts-expect-error an instant that is no Date
  await tasks.open.enqueue(1, { at: "2030-01-01" });
  // @ts-expect-error a key without its time
  await tasks.open.enqueue(1, { dedupe: { key: "k" } });
  // @ts-expect-error an option that does not exist
  await tasks.open.enqueue(1, { dleay: "1m" });
  const receipt: Receipt<{ at: Date }> = await tasks.full.enqueue({ key: "a" });
  const { at } = await receipt.result();
  // @ts-expect-error the output is a Date
  const text: string = at;
  // @ts-expect-error a receipt of another output
  const other: Receipt<number> = await tasks.full.enqueue({ key: text });
  await other.status();
}

/** Never called: only the compiler reads it. */
export function wrongDefinitions(): void {
  // @ts-expect-error the handler returns no text
  defineTask("a", { input: z.number(), output: z.string() }, (n) => n);
  // @ts-expect-error the handler returns no text, later
  defineTask("a", { input: z.number(), output: z.string() }, (n) => Promise.resolve(n));
  // @ts-expect-error the handler takes no text
  defineTask("a", { input: z.number() }, (text: string) => text);
  // @ts-expect-error the handler of a contract returns no text
  contract.handler(() => ({ at: 7 }));
  // @ts-expect-error the handler of a contract takes something else
  contract.handler((given: { key: number }) => ({ at: String(given) }));
  // @ts-expect-error there is no input schema
  defineTask("a", {});
  // @ts-expect-error the input is no schema
  defineTask("a", { input: { key: "string" } });
  // @ts-expect-error a backoff of no kind
  defineTask("a", { input: z.number(), backoff: { type: "random", delay: 1 } });
  // @ts-expect-error an option that does not exist
  defineTask("a", { input: z.number(), retries: 3 });
  // @ts-expect-error a contract has no handler to call
  contract({ key: "a" });
  const handler: Handler<{ key: string; size: number }, { at: string }> = ({ size }) => {
    return { at: String(size) };
  };
  contract.handler(handler);
}

/** Never called: only the compiler reads it. */
export function wrongMethods(): unknown {
  class WrongMethods {
    // @ts-expect-error the parameter is not what the schema gives
    @task("a", { input: z.object({ key: z.string() }) })
    parameter(_input: { key: number }): void {}

    // @ts-expect-error the parameter wants more than the schema gives
    @task("b", { input: z.object({ key: z.string() }) })
    more(_input: { key: string; size: number }): void {}

    // @ts-expect-error the return value is not what the schema wants
    @task("c", { input: z.number(), output: z.string() })
    output(input: number): number {
      return input;
    }

    // @ts-expect-error the return value is not what the schema wants, later
    @task("d", { input: z.number(), output: z.string() })
    async late(input: number): Promise<number> {
      return await Promise.resolve(input);
    }

    // @ts-expect-error a field is no method
    @task("e", { input: z.number() })
    field = 7;
  }
  return WrongMethods;
}

Deno.test("Dabba.tasks has at run time what its type promises", async () => {
  await using made = dabba();
  const { full, images, group } = made.tasks;
  assertEquals((await full({ key: "a" })).at.getUTCFullYear(), 2030);
  const receipt = await images.count.enqueue(["a", "b"]);
  const sizes = await images.resize.enqueue({ key: "a" });
  await group.bare.enqueue("text");
  await made.worker({ signals: false }).drain();
  const count: number = await receipt.result();
  assertEquals([count, (await sizes.result()).sizes, joined.taskName], [2, ["a"], "contract"]);
});

Deno.test("Receipt.result() is typed as what has travelled as JSON", async () => {
  const when = defineTask("when", { input: z.null() }, () => {
    return { at: new Date(0), sure: true as const, tags: ["a"], none: undefined };
  });
  await using one = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { when } });
  const receipt = await one.tasks.when.enqueue(null);
  await one.worker().drain();
  const result = await receipt.result();
  exactly<Equal<typeof result.at, string>>();
  exactly<Equal<typeof result.sure, true>>();
  exactly<Equal<typeof result.tags, string[]>>();
  assertEquals(result.at, "1970-01-01T00:00:00.000Z");
});
