/** What a store charges: how many billable commands each call of a broker makes. */

/** Counts the commands of each call, as a store with prices counts them. */
export interface BrokerCosts {
  /** Stores messages, however many in one call. */
  readonly push: number;
  /** What it adds to a push that it finds a worker asleep, and calls it. */
  readonly call: number;
  /** Looks with a probe. */
  readonly probe: number;
  /** Looks and finds nothing. */
  readonly look: number;
  /** Claims messages of one queue and lane. */
  readonly claim: number;
  /** Settles messages, and finds nothing more. */
  readonly settle: number;
  /** Settles messages and claims others of the same line. */
  readonly settleAndClaim: number;
  /** Reads messages. */
  readonly read: number;
  /** Asks for their outcome only, as waiting for a result does. */
  readonly outcome: number;
  /** What tidying up adds to one call in 250 finished messages. */
  readonly tidy: number;
  /** Checks the index in passing, as a look does now and then, and tidies up. */
  readonly sweep: (queues: number) => number;
  /** What each call keeps others from, in words. */
  readonly locks: string;
}
