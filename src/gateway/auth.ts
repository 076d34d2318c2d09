import { createHash, timingSafeEqual } from "node:crypto";

/** What a token opens: everything, or commands that only read. */
export type Access = "full" | "read";

/** Tells from a token, however it was sent, what it opens; undefined for nothing. */
export type TokenCheck = (token: string | undefined) => Access | undefined;

/** The tokens of a gateway, as its options give them. */
export interface Tokens {
  readonly token?: string;
  readonly readOnlyToken?: string;
  readonly insecure?: boolean;
}

/**
 * Makes the check for the tokens. All sides are hashed first, so that the comparison takes the same
 * time whatever the length and the content of what was sent.
 *
 * @throws {TypeError} if there is no token and that was not asked for, or if the two are one.
 */
export function tokenCheck({ token, readOnlyToken, insecure = false }: Tokens): TokenCheck {
  if (readOnlyToken !== undefined && (readOnlyToken === "" || readOnlyToken === token)) {
    throw new TypeError(
      "Cannot create gateway: readOnlyToken is empty or the same as token: " +
        "set another long random string, or leave it out",
    );
  }
  if (insecure && !token) return () => "full";
  if (typeof token !== "string" || token === "") {
    throw new TypeError(
      "Cannot create gateway: token is missing or empty: " +
        "set a long random string, or insecure: true to serve without one",
    );
  }
  const full = sha256(token);
  const read = readOnlyToken === undefined ? undefined : sha256(readOnlyToken);
  return (sent) => {
    if (sent === undefined) return undefined;
    const hash = sha256(sent);
    if (timingSafeEqual(hash, full)) return "full";
    return read !== undefined && timingSafeEqual(hash, read) ? "read" : undefined;
  };
}

/** Takes the token out of an `Authorization` header; undefined if it holds no bearer. */
export function bearerOf(authorization: string | null): string | undefined {
  // The scheme's name is case-insensitive (RFC 9110, 11.1), the token is not.
  return /^bearer +(.+)$/i.exec(authorization ?? "")?.[1];
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
