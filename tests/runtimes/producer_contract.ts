/** The contracts of the shop, as producer and worker share them. */
import { defineTask } from "@dabba/queue/producer";
import { z } from "zod";

/** Greets whoever is named. */
export const greet = defineTask("greet", {
  input: z.object({ name: z.string() }),
  backoff: ["1m", "5m", "15m"],
});
