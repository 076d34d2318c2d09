/** Errors of the testing kit. */

import { DabbaError } from "../errors.ts";

/** Says that a test uses its kit in a way that cannot work; the text says what to do. */
export class TestKitError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "TestKitError";

  /** Makes the error. */
  constructor(message: string) {
    super("test_kit", message);
  }
}
