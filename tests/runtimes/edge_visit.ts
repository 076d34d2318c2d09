/** Visits the app of an edge from outside, as users, browsers and the platform's cron do. */
import type { Outcome } from "./suite.ts";

/** A runtime that serves the app. */
export interface Edge {
  /** Sends a request to the app. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Has the platform's cron tick once. */
  tick(): Promise<void>;
}

const NEW = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ name: "Ada" }),
};

/** Runs the suite inside of the runtime, then what only its platform can do. */
export async function visit(edge: Edge): Promise<Outcome[]> {
  const suite = await edge.fetch("/suite");
  if (!suite.ok) throw new Error(`The suite answers ${suite.status}: ${await suite.text()}`);
  return [
    ...await suite.json() as Outcome[],
    await outcome("the platform's own waitUntil keeps a kick going", async () => {
      return await resultOf(edge, await enqueue(edge, "/kicked"));
    }),
    await outcome("the platform's own cron drains", async () => {
      const place = await enqueue(edge, "/later");
      const before = await (await edge.fetch(place)).json() as { state: string };
      if (before.state !== "ready") throw new Error(`It is ${before.state} before the tick`);
      await edge.tick();
      return await resultOf(edge, place);
    }),
  ];
}

async function enqueue(edge: Edge, path: string): Promise<string> {
  const response = await edge.fetch(path, NEW);
  if (response.status !== 202) throw new Error(`${path} answers ${response.status}`);
  return response.headers.get("location") ?? "";
}

/** Follows a message until its end. */
async function resultOf(edge: Edge, place: string): Promise<string> {
  return await (await edge.fetch(`${place}/events`)).text();
}

async function outcome(check: string, events: () => Promise<string>): Promise<Outcome> {
  try {
    const told = await events();
    return told.includes("Hello, Ada") ? { check } : { check, error: `It was told ${told}` };
  } catch (error) {
    return { check, error: String(error) };
  }
}
