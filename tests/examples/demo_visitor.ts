/** A visitor without a browser: uploads, sends, and follows messages over HTTP. */

/** A message as the Location answers it. */
export interface Message {
  readonly id: string;
  readonly task: string;
  readonly state: string;
  readonly attempts: number;
  readonly crashes: number;
  readonly output?: unknown;
  readonly progress?: { readonly done: number; readonly of: number };
  readonly nextAttemptAt?: string;
  readonly history: readonly { readonly attempt: number; readonly message: string }[];
}

/** A live event. */
export interface LiveEvent {
  readonly name: string;
  readonly message: Message;
}

const PATIENCE_MS = 60_000;

/** Posts a multipart form with one file. */
export function upload(
  origin: string,
  bytes: Uint8Array<ArrayBuffer>,
  field = "picture",
): Promise<Response> {
  const body = new FormData();
  body.append(field, new Blob([bytes]), "me.jpg");
  return fetch(`${origin}/avatars`, { method: "POST", body });
}

/** Sends JSON. */
export function sendJson(url: string, method: string, value: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method, headers, body: JSON.stringify(value) });
}

/** Turns the partner's switch. */
export async function turnPartner(origin: string, on: boolean): Promise<void> {
  const response = await sendJson(`${origin}/partner/switch`, "PUT", { on });
  await response.body?.cancel();
}

/** Sends a postcard and gives its Location as a URL. */
export async function sendPostcard(origin: string, text: string): Promise<string> {
  const response = await sendJson(`${origin}/postcards`, "POST", { text });
  await response.body?.cancel();
  return origin + response.headers.get("location");
}

/** Follows a message by its live events until one fits; gives all of them. */
export async function follow(
  location: string,
  enough: (event: LiveEvent) => boolean,
): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  // Streams end after some time: whoever has not heard enough comes back.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (true) {
    const response = await fetch(`${location}/events`, { signal });
    for await (const event of readEvents(response.body!)) {
      events.push(event);
      if (enough(event)) return events;
    }
  }
}

/** Follows a message to its outcome. */
export async function outcome(location: string): Promise<Message> {
  const events = await follow(location, ({ name }) => name === "result");
  return events.at(-1)!.message;
}

/** Reads a message. */
export async function read(location: string): Promise<Message> {
  return await (await fetch(location)).json();
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<LiveEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name && data) yield { name, message: JSON.parse(data) };
    }
  }
}
