import { createHash, timingSafeEqual } from "node:crypto";

/** Tells from an `Authorization` header whether its bearer may use the gateway. */
export type BearerCheck = (authorization: string | null) => boolean;

/**
 * Makes the check for a token. Both sides are hashed first, so that the comparison takes the same
 * time whatever the length and the content of what was sent.
 *
 * @throws {TypeError} if there is no token and that was not asked for.
 */
export function bearerCheck(options: { token?: string; insecure?: boolean }): BearerCheck {
  const { token, insecure = false } = options;
  if (insecure && !token) return () => true;
  if (typeof token !== "string" || token === "") {
    throw new TypeError(
      "Cannot create gateway: token is missing or empty: " +
        "set a long random string, or insecure: true to serve without one",
    );
  }
  const expected = sha256(`Bearer ${token}`);
  return (authorization) =>
    authorization !== null && timingSafeEqual(sha256(normalize(authorization)), expected);
}

/** The scheme's name is case-insensitive (RFC 9110, 11.1), the token is not. */
function normalize(authorization: string): string {
  return authorization.replace(/^bearer +/i, "Bearer ");
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
