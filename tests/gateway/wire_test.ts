/** A gateway whose way to Redis can be tampered with: what it makes of what is no reply. */

import { connect, createServer, type Socket } from "node:net";
import { assertEquals } from "@std/assert";
import { gateway } from "@dabba/queue/gateway";
import { redisGateway } from "../support/redis_gateway.ts";
import { type RedisServer, startRedisServer } from "../support/redis_server.ts";
import { untilRedisHolds } from "./paused.ts";

/** Long enough for any machine: what a test waits for comes long before. */
const PATIENCE_MS = 20_000;

interface Tampered extends AsyncDisposable {
  /** Posts a command. */
  ask(...command: unknown[]): Promise<[status: number, json: unknown]>;
  /** Sends the gateway bytes that Redis did not send; resolves when that has ended a connection. */
  inject(bytes: string): Promise<void>;
}

async function tampered(own: RedisServer): Promise<Tampered> {
  const sockets = new Set<Socket>();
  const between = createServer((near) => {
    const far = connect(Number(new URL(own.url).port), "127.0.0.1");
    sockets.add(near);
    near.on("error", () => {}).on("close", () => (sockets.delete(near), far.destroy()));
    far.on("error", () => {}).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  const { port } = between.address() as { port: number };
  const face = gateway({ redis: `redis://127.0.0.1:${port}`, token: "t" });
  return {
    ask: async (...command) => {
      const headers = { authorization: "Bearer t" };
      const body = JSON.stringify(command);
      const response = await face.fetch(
        new Request("http://h/", { method: "POST", headers, body }),
      );
      return [response.status, await response.json()];
    },
    inject: async (bytes) => {
      const ended = [...sockets].map((socket) =>
        new Promise<void>((resolve) => socket.once("close", () => resolve()))
      );
      for (const socket of sockets) socket.write(bytes);
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error("no connection was ended")), PATIENCE_MS);
      await Promise.race([...ended, late]).finally(() => clearTimeout(timer));
    },
    [Symbol.asyncDispose]: async () => {
      await face.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => between.close(resolve));
    },
  };
}

for (const junk of ["HTTP/1.1 400 Bad Request\r\n", "*2\r\n:1\r\nx"]) {
  Deno.test(`Gateway.fetch() answers 503 to who waits when ${JSON.stringify(junk)} comes`, async () => {
    await using own = await startRedisServer();
    await using looking = await redisGateway({ redis: own.url });
    await using way = await tampered(own);
    await looking.redis.client("PAUSE", 60_000, "WRITE");
    const pending = way.ask("SET", "a", 1);
    await untilRedisHolds(looking, pending);
    await way.inject(junk);
    const byte = junk.at(junk.startsWith("*") ? -1 : 0)!.charCodeAt(0);
    assertEquals(await pending, [503, {
      error: `ERR cannot read a reply of Redis: a reply begins with byte ${byte}; ` +
        "the command may have run",
    }]);
    await looking.redis.client("UNPAUSE");
    assertEquals(await way.ask("PING"), [200, { result: "PONG" }]);
  });
}

Deno.test("Gateway.fetch() uses a connection no more on which a reply came that nobody waits for", async () => {
  await using own = await startRedisServer();
  await using way = await tampered(own);
  await way.ask("SET", "a", "right");
  await way.inject("+wrong\r\n");
  assertEquals(await way.ask("GET", "a"), [200, { result: "right" }]);
});
