/** The app as Vercel's edge runtime takes it: a listener to requests. */
import { app } from "./edge_app.ts";

/** What the runtime gives a listener. */
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Response | Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  const context = {
    waitUntil: (work: Promise<unknown>) => (event as FetchEvent).waitUntil(work),
    passThroughOnException() {},
    props: {},
  };
  (event as FetchEvent).respondWith(app.fetch(request, {}, context));
});
