import { assertEquals, assertThrows } from "@std/assert";
import { memoryBroker } from "../../src/testing/memory_broker.ts";
import { brokerContract } from "../broker/contract/contract.ts";
import { message } from "../broker/contract/messages.ts";
import { openMemoryBroker } from "./harness.ts";

brokerContract("memory", openMemoryBroker);

Deno.test("memoryBroker() goes by the system's clock when it is given none", async () => {
  const broker = memoryBroker();
  await broker.push([message("m")]);
  const [record] = await broker.read(["m"]);
  assertEquals(Math.abs(record!.enqueuedAtMs - Date.now()) < 60_000, true);
});

Deno.test("memoryBroker() keeps brokers apart", async () => {
  const [one, other] = [memoryBroker(), memoryBroker()];
  await one.push([message("m")]);
  assertEquals(await other.read(["m"]), [undefined]);
});

Deno.test("memoryBroker() refuses a clock that is no function", () => {
  assertThrows(() => memoryBroker({ clock: 1 as never }), TypeError);
});
