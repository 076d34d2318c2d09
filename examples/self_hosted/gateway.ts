// docker compose --file examples/self_hosted/compose.yaml up
/**
 * How does any Redis get Upstash's REST protocol? This is the gateway that compose.yaml starts,
 * beside a Valkey that keeps what it is given.
 */
// deno-lint-ignore-file no-console -- it says where it is
import { gateway } from "@dabba/queue/gateway";

const face = gateway({
  redis: Deno.env.get("REDIS_URL") ?? "redis://127.0.0.1:6379",
  token: Deno.env.get("UPSTASH_REDIS_REST_TOKEN") ?? "", // an empty one is refused
});
const server = Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8079) }, face.fetch);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await Promise.all([server.shutdown(), face.close()]);
    Deno.exit();
  });
}
console.log(`Serving ${(await face.survey()).server}`);
