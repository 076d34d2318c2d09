/** A producer for Cloudflare Workers, as it is bundled: it enqueues, and runs nothing. */

import { defineTask, Producer, redisProducer } from "@dabba/queue/producer";
import { SCHEMA } from "./producer_schema.ts";

/** Is what workerd hands over. */
interface Variables {
  readonly URL: string;
  readonly TOKEN: string;
}

const send = defineTask("email.send", { input: SCHEMA });

const app = {
  async fetch(_: Request, { URL: url, TOKEN: token }: Variables): Promise<Response> {
    const broker = redisProducer({ url, token, namespace: "bench" });
    const producer = new Producer({ broker, tasks: { send } });
    const { disposition } = await producer.tasks.send.enqueue({ i: 1, email: "a@example.com" });
    return Response.json({ disposition });
  },
};
export { app as default };
