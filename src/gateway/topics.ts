import type { Admitted } from "./door.ts";
import type { Topic } from "./subscriber.ts";

/**
 * Reads what a request subscribes to: each part of the path after `subscribe` or `psubscribe` is a
 * channel or pattern. Undefined for any other request, and for one that does not take events.
 */
export function topicsOf({ request, address }: Admitted): Topic[] | undefined {
  const [first, ...names] = address.path;
  const kind = typeof first === "string" ? first.toLowerCase() : undefined;
  if (kind !== "subscribe" && kind !== "psubscribe") return undefined;
  if (!request.headers.get("accept")?.includes("text/event-stream")) return undefined;
  const texts = names.filter((name) => typeof name === "string" && name !== "") as string[];
  if (texts.length === 0) return undefined;
  return [...new Set(texts)].map((name) => ({ kind, name }));
}
