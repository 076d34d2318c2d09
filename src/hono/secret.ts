/** Secrets: who may change something, told by a bearer token. */

import type { AnyContext } from "./answer.ts";
import { RequestError } from "./errors.ts";

const encoder = new TextEncoder();

/** Knows the secrets that open the routes; one per `dabbaRoutes()`. */
export class Secrets {
  readonly #secrets: readonly string[];

  /** Takes one or several, of which each opens; throws `TypeError` for one that cannot be sent. */
  constructor(secret: string | readonly string[] | undefined) {
    this.#secrets = secret === undefined ? [] : [secret].flat();
    for (const each of this.#secrets) check(each);
  }

  /** Says whether there is none at all. */
  get none(): boolean {
    return this.#secrets.length === 0;
  }

  /** Lets a request through that bears a secret; else throws a refusal. */
  async require(c: AnyContext): Promise<void> {
    if (await this.opens(c)) return;
    const message = "The secret is missing or wrong: send it as Authorization: Bearer <secret>";
    throw new RequestError(401, "unauthorized", message);
  }

  /**
   * Says whether a request bears a secret. Both sides are hashed, so that neither the length nor the
   * first difference shows in the time; all secrets are compared, whichever fits.
   */
  async opens(c: AnyContext): Promise<boolean> {
    const given = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined) return false;
    const [token, ...known] = await Promise.all([given, ...this.#secrets].map(digest));
    let open = 0;
    for (const each of known) open |= same(token!, each);
    return open === 1;
  }
}

// What a header cannot carry as one word would never match, which is found only in production.
function check(secret: unknown): void {
  if (typeof secret === "string" && /^[\x21-\x7e]+$/.test(secret)) return;
  const why = typeof secret !== "string"
    ? "it is not text"
    : secret.trim() === ""
    ? "it is empty"
    : "it has spaces, control characters or characters beyond ASCII";
  throw new TypeError(
    `Cannot use secret: ${why}; make one with crypto.randomUUID() or openssl rand -hex 32`,
  );
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

/** Gives 1 for equal digests and 0 for others, in the same time. */
function same(one: Uint8Array, other: Uint8Array): number {
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one[i]! ^ other[i]!;
  return difference === 0 ? 1 : 0;
}
