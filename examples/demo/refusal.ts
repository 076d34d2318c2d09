/** A refusal: what the visitor sent cannot be taken, said so that a person can act on it. */

/** Is thrown by whatever checks a request, and answered as JSON by the app. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /** Makes it with the HTTP status, a word for programs and a sentence for people. */
  constructor(
    readonly status: 400 | 403 | 404 | 409 | 411 | 413 | 415 | 422,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
