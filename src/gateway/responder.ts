/** Turns requests into responses: lets them in, has them answered, says no, and keeps the log. */

import { Buffer } from "node:buffer";
import { type GatewayLogEntry, routeOf } from "./access_log.ts";
import { ConnectionError } from "./connection_error.ts";
import type { Admitted } from "./door.ts";
import { type Format, formatFor, JSON_FORMAT } from "./format.ts";
import { METHODS, statusOf } from "./refused.ts";
import type { Answer, Routes } from "./routes.ts";

/** What a responder works with. */
export interface ResponderParts {
  readonly admit: (request: Request) => Admitted;
  readonly routes: Routes;
  readonly log: ((entry: GatewayLogEntry) => void) | undefined;
}

interface Answered {
  readonly status: number;
  readonly body: Answer["body"];
  readonly headers: HeadersInit;
}

/** Serves the requests of one gateway. */
export class Responder {
  readonly #parts: ResponderParts;
  readonly #syncTokens = new SyncTokens();
  #present = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  /** Answers one request, whatever it is. */
  readonly serve = async (request: Request): Promise<Response> => {
    const begun = performance.now();
    const names: string[] = [];
    this.#present++;
    const { status, headers, body } = await this.#answer(request, names);
    if (--this.#present === 0) this.#closing?.resolve();
    if (this.#parts.log !== undefined) {
      const bytes = body instanceof ReadableStream ? 0 : Buffer.byteLength(body);
      this.#note(request, names, { status, bytes, ms: performance.now() - begun });
    }
    if (request.method !== "HEAD") return new Response(body, { status, headers });
    if (body instanceof ReadableStream) body.cancel();
    return new Response(null, { status, headers });
  };

  /** Takes no more requests, and resolves when those that came before are answered. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    if (this.#present > 0) await this.#closing.promise;
  }

  async #answer(request: Request, names: string[]): Promise<Answered> {
    let format = JSON_FORMAT;
    try {
      const admitted = this.#parts.admit(request);
      if (this.#closing) throw new ConnectionError("ERR the gateway is closed");
      format = formatFor(request.headers);
      const answer = await this.#parts.routes.answer({ ...admitted, format, names });
      const headers = {
        "content-type": answer.contentType,
        "upstash-sync-token": this.#syncTokens.next(),
      };
      return { status: 200, body: answer.body, headers };
    } catch (error) {
      return refuse(error, format);
    }
  }

  async #note(
    { method, url }: Request,
    names: readonly string[],
    facts: Pick<GatewayLogEntry, "status" | "bytes" | "ms">,
  ): Promise<void> {
    try {
      const commands = names.length === 0 ? {} : await this.#parts.routes.count(names);
      this.#parts.log!({ method, route: routeOf(url), commands, ...facts });
    } catch {
      // The request is answered: a log that fails must not undo that.
    }
  }
}

/**
 * Tokens for reading one's own writes. There is one Redis here, which every request reaches, so
 * they only have to be new each time.
 */
class SyncTokens {
  readonly #prefix = crypto.randomUUID().slice(0, 8);
  #count = 0;

  next(): string {
    return `${this.#prefix}:${++this.#count}`;
  }
}

/** Says no. Only what a command has answered comes in a format other than JSON. */
function refuse(error: unknown, format: Format): Answered {
  const status = statusOf(error);
  const { contentType, body, error: write } = status === 400 ? format : JSON_FORMAT;
  const headers = new Headers({ "content-type": contentType });
  if (status === 405) headers.set("allow", METHODS.join(", "));
  return { status, body: body(write(error)), headers };
}
