import { assertEquals, assertThrows } from "@std/assert";
import { Dabba, task, type TaskContext } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";

const n = z.number();
const bind = <T extends object>(group: T) =>
  new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { group } });

class Base {
  readonly factor: number = 1;

  @task("scale", { input: n, queue: "q", backoff: ["1s"] })
  scale(input: number, _ctx?: TaskContext): number {
    return input * this.factor;
  }

  @task("shift", { input: n })
  async shift(input: number): Promise<number> {
    return await Promise.resolve(input + this.factor);
  }
}

Deno.test("@task leaves the method as it was", () => {
  assertEquals(new Base().scale(3), 3);
});

Deno.test("@task methods run on their instance, with its fields", async () => {
  class Triple extends Base {
    override readonly factor = 3;
  }
  await using dabba = bind(new Triple());
  assertEquals(dabba.taskNames.toSorted(), ["scale", "shift"]);
  assertEquals(await dabba.tasks.group.scale(2), 6);
  await dabba.tasks.group.shift.enqueue(4);
  const receipt = await dabba.tasks.group.scale.enqueue(5, { queue: "default" });
  await dabba.worker({ signals: false }).drain();
  assertEquals(await receipt.result(), 15);
});

Deno.test("A method that overrides a task is that task, decorated or not", async () => {
  class Child extends Base {
    override scale(input: number): number {
      return super.scale(input) + 100;
    }
  }
  await using dabba = bind(new Child());
  assertEquals(dabba.taskNames.toSorted(), ["scale", "shift"]);
  assertEquals(await dabba.tasks.group.scale(2), 102);
});

Deno.test("A task whose method was bound in the constructor is still that task", async () => {
  class Bound extends Base {
    override scale: Base["scale"] = super.scale.bind(this);
  }
  await using dabba = bind(new Bound());
  assertEquals(await dabba.tasks.group.scale(2), 2);
});

Deno.test("A method that overrides a task with @task is the new one alone", async () => {
  class Child extends Base {
    @task("scale.v2", { input: n })
    override scale(input: number): number {
      return -input;
    }
  }
  await using dabba = bind(new Child());
  assertEquals(dabba.taskNames.toSorted(), ["scale.v2", "shift"]);
  assertEquals(await dabba.tasks.group.scale(2), -2);
});

Deno.test("Two classes of one parent do not share what they override", async () => {
  class One extends Base {
    override readonly factor = 10;
  }
  await using one = bind(new One());
  await using base = bind(new Base());
  assertEquals([await one.tasks.group.scale(1), await base.tasks.group.scale(1)], [10, 1]);
});

Deno.test("@task refuses methods that are static or private, and bad options", () => {
  assertThrows(
    () => {
      class Static {
        @task("static", { input: n })
        static run(_input: number): void {}
      }
      return Static;
    },
    TypeError,
    "public methods of instances",
  );
  const onPrivate = task("private", { input: n }) as (method: unknown, context: unknown) => void;
  const context = { kind: "method", name: "#run", static: false, private: true };
  assertThrows(() => onPrivate(() => {}, context), TypeError, "public methods of instances");
  assertThrows(() => task("a b", { input: n }), TypeError, "task name");
  assertThrows(() => task("a", { input: 7 as never }), TypeError, "options.input");
  assertThrows(() => task("a", { input: n, timeout: -1 }), RangeError, "timeout");
});

Deno.test("@task refuses to be put on a method twice", () => {
  assertThrows(
    () => {
      class Twice {
        @task("one", { input: n })
        @task("two", { input: n })
        run(_input: number): void {}
      }
      return Twice;
    },
    TypeError,
    `"one"`,
  );
});

Deno.test("@task takes methods named by symbols and texts; symbols are no members of a group", async () => {
  const secret = Symbol("secret");
  class Named {
    @task("symbol", { input: n })
    [secret](input: number): number {
      return input;
    }

    @task("text", { input: n })
    "any text"(input: number): number {
      return input;
    }
  }
  await using dabba = bind(new Named());
  assertEquals(dabba.taskNames, ["text"]);
  assertEquals(await dabba.tasks.group["any text"](3), 3);
});

Deno.test("Dabba.tasks says of a method without @task that it is none", async () => {
  class Mixed {
    @task("mixed.run", { input: n })
    run(input: number): number {
      return input;
    }

    helper(input: number): number {
      return input;
    }
  }
  await using dabba = bind(new Mixed());
  assertEquals(Object.keys(dabba.tasks.group), ["run"]);
  assertThrows(() => dabba.tasks.group.helper, TypeError, "group.helper");
});
