/** What an examination of a store says. */

/** Is one thing that can cost messages, or that cannot be known. */
export interface Diagnosis {
  /**
   * `danger` loses messages, or will let no call through; `warning` may; `note` is what the store does
   * not tell, or a choice to be aware of.
   */
  readonly level: "danger" | "warning" | "note";
  /** What is so, and what to do about it. */
  readonly text: string;
}
