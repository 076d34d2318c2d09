// REDIS_URL=redis://127.0.0.1:6379 deno run -A examples/gateway.ts
/** How does code that is written for Upstash run against a Redis of one's own? */
// deno-lint-ignore-file no-console -- the output is what it shows
import { gateway } from "@dabba/queue/gateway";
import { Redis } from "@upstash/redis";

const token = crypto.randomUUID();
const face = gateway({
  redis: Deno.env.get("REDIS_URL") ?? "redis://127.0.0.1:6379",
  token,
  // Names of commands, never a key or a value.
  log: ({ route, commands, status }) => console.error(route, commands, status),
});
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, face.fetch);

const { server: name, warnings } = await face.survey();
console.log(`Serving ${name}`);
for (const warning of warnings) console.error(`Warning: ${warning}`);

// The client knows no difference.
const redis = new Redis({ url: `http://127.0.0.1:${server.addr.port}`, token });
const key = `example:${crypto.randomUUID()}`;

const [, visits] = await redis.multi().set(key, 41, { ex: 60 }).incr(key).exec<[string, number]>();
console.log(`Visits: ${visits}`);

const news = redis.subscribe<{ visits: number }>([key]);
await new Promise((resolve) => news.on("subscribe", resolve));
const heard = new Promise<number>((resolve) => {
  news.on("message", ({ message }) => resolve(message.visits));
});
await redis.publish(key, { visits });
console.log(`Heard of visits: ${await heard}`);
await news.unsubscribe();

const { byCommand } = await face.billing();
console.log(`Billed as Upstash would: ${byCommand["publish"]} publish`);

await redis.del(key);
await Promise.all([server.shutdown(), face.close()]);
