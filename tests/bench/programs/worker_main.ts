/**
 * Works for as long as it may, one worker a namespace, and says of each message how long it took to
 * start: its `email` is when it was enqueued.
 */

import { Dabba } from "../../../src/dabba.ts";
import { sayJson } from "../../support/lines.ts";
import { openWay, send, type Way } from "../way.ts";

const { way, namespaces, polling }: {
  way: Way;
  namespaces: string[];
  polling?: { min: string; max: string };
} = JSON.parse(Deno.args[0]!);

const now = () => performance.timeOrigin + performance.now();
const handler = send.handler(({ email }) => sayJson({ startedAfterMs: now() - Number(email) }));
const running = namespaces.map((namespace) => {
  const dabba = new Dabba({ broker: openWay(way, namespace).broker, tasks: { send: handler } });
  return dabba.worker(polling ? { polling: polling as never } : {}).run();
});
sayJson({ ready: running.length });
await Promise.all(running);
Deno.exit();
