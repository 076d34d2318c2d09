/** What a check has found in a store. */

/** Says what is wrong with a message, or with an entry that stands for one. */
export type Problem =
  /** It has a body, but stands in no line, nor among the dead or the finished: nobody would run it. */
  | "unlisted"
  /** It stands somewhere, but there is nothing of it: what it was is gone. */
  | "missing"
  /** It stands in more than one place: it would run, and be listed as something else. */
  | "misplaced"
  /** It stands where it belongs, under a time that cannot be: it would wait for ever. */
  | "mistimed"
  /** What is stored of it cannot be read, or counts below zero. */
  | "damaged"
  /** An index that says which lines have work is wrong: the line would be passed over. */
  | "unindexed";

/** Is one thing that a check has found. */
export interface Finding {
  /** The message's id, or the line's name. */
  readonly id: string;
  /** What is wrong. */
  readonly problem: Problem;
  /** The same in words, for people: what was found where, and what was or can be done. */
  readonly detail: string;
  /** Whether this call has mended it. */
  readonly repaired: boolean;
}

/** Is one page of a check. */
export interface CheckPage {
  /** What is wrong among the messages of this page. */
  readonly findings: readonly Finding[];
  /** How many messages and entries were looked at. */
  readonly checked: number;
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}
