/** A producer for Cloudflare Workers, as it is bundled: it enqueues, and runs nothing. */

import { Dabba, defineTask } from "@dabba/queue";
import { redisBroker } from "@dabba/queue/redis";
import { SCHEMA } from "./producer_schema.ts";

/** Is what workerd hands over. */
interface Variables {
  readonly URL: string;
  readonly TOKEN: string;
}

const send = defineTask("email.send", { input: SCHEMA });

const producer = {
  async fetch(_: Request, { URL: url, TOKEN: token }: Variables): Promise<Response> {
    const broker = redisBroker({ url, token, namespace: "bench" });
    const dabba = new Dabba({ broker, tasks: { send } });
    const { disposition } = await dabba.tasks.send.enqueue({ i: 1, email: "a@example.com" });
    return Response.json({ disposition });
  },
};
export { producer as default };
