// deno run -A examples/split/producer.ts
/** What do a producer and a worker share? The contract: no handler, and none of its imports. */
import { defineTask } from "@dabba/queue";
import { z } from "zod";

export const thumbnail = defineTask("image.thumbnail", {
  input: z.object({ key: z.string(), width: z.int().max(2_000) }),
  output: z.string(),
  backoff: ["10s", "1m", "10m"],
  timeout: "30s",
});
