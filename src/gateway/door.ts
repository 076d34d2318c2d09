/** The check that each request passes first. */

import { type Access, bearerOf, tokenCheck, type Tokens } from "./auth.ts";
import { type Address, readAddress } from "./address.ts";
import { METHODS, RefusedError } from "./refused.ts";

/** Is a request that was let in. */
export interface Admitted {
  readonly request: Request;
  readonly address: Address;
  readonly access: Access;
}

/**
 * Makes the check for the tokens.
 *
 * @throws {TypeError} if the tokens are none.
 */
export function doorOf(tokens: Tokens): (request: Request) => Admitted {
  const check = tokenCheck(tokens);
  return (request) => {
    const bearer = bearerOf(request.headers.get("authorization"));
    let address: Address | undefined;
    let malformed: unknown;
    try {
      address = readAddress(request.url);
    } catch (error) {
      malformed = error;
    }
    const access = check(bearer ?? address?.token);
    if (access === undefined) {
      throw new RefusedError(401, "WRONGPASS invalid or missing auth token");
    }
    if (address === undefined) throw malformed;
    const billing = address.path.length === 1 && address.path[0] === "billing";
    if (!METHODS.includes(request.method) && !(billing && request.method === "DELETE")) {
      throw new RefusedError(
        405,
        `ERR method ${request.method} is not supported, use ${METHODS.join(", ")}`,
      );
    }
    return { request, address, access };
  };
}
