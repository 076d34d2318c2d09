/**
 * The broker contract: all that the runtime knows of storage.
 *
 * Rules every implementation keeps, and one suite proves for all of them:
 * - **Replay.** Any call may be sent twice. Each is idempotent by an id its caller chose, and a replay
 *   answers what the first one answered.
 * - **The store's clock** alone decides what is due and who holds what.
 * - **Ownership** is proved by the claim id before anything is written; a stale one changes nothing.
 * - **Whole or nothing.** A call that fails has written nothing.
 * - **Bodies are opaque.** No broker reads, parses or re-encodes them.
 */

import type { BrokerCosts } from "./costs.ts";
import type { BrokerStats } from "./broker_stats.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { DeadStock } from "./dead_bounds.ts";
import type { CheckPage } from "./findings.ts";
import type { Watch } from "./wake.ts";

export type { BrokerStats, QueueStats } from "./broker_stats.ts";
export type { CheckPage, Finding, Problem } from "./findings.ts";
export type { Diagnosis } from "./diagnosis.ts";

/** Names the lanes of a queue, served in this order. */
export type Priority = "high" | "normal" | "low";

/** Lists the lanes in the order in which they are served. */
export const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

/** Says where a message stands; the last four are final. */
export type MessageState =
  | "scheduled"
  | "ready"
  | "leased"
  | "succeeded"
  | "dead"
  | "cancelled"
  | "expired";

/** The most messages of one call: Lua's stack and the store's latency both end there. */
export const MAX_BATCH = 1_000;
/** What `exchange` does, in the words of errors: users know nothing of exchanges. */
export const EXCHANGING = "take or settle messages";

/**
 * From this many crashes on a message is a suspect: what it shared a worker with may be innocent, so it
 * is handed over parked, and begun alone.
 */
export const SUSPECT_CRASHES = 2;

/** Says where a message waits: a queue and a lane of it. */
export interface Line {
  /** The queue's name, `[A-Za-z0-9_.:-]{1,64}`. */
  readonly queue: string;
  /** The lane of the queue. */
  readonly priority: Priority;
}

/** Is one message on its way into the store. */
export interface PushMessage extends Line {
  /** The message's id, `[A-Za-z0-9_.:-]{1,64}`. */
  readonly id: string;
  /**
   * Tells a replay from a second use of the same id: `"-"` for an id drawn at random (there, the same
   * id can only be a replay), a random word for an id that the caller chose.
   */
  readonly nonce: string;
  /** Milliseconds until it is due, by the store's clock; ignored when `dueAtMs` is given. */
  readonly delayMs: number;
  /** The instant when it is due, in milliseconds since 1970; a past one means now. */
  readonly dueAtMs?: number;
  /** Milliseconds after which it is not worth starting; 0 for never. */
  readonly expiresInMs: number;
  /**
   * At most one message of a key within `ttlMs`, unless that one died, expired, was cancelled, or is
   * forgotten: an outcome must be retained for as long as its key is to hold.
   */
  readonly dedupe?: { readonly key: string; readonly ttlMs: number };
  /** The envelope, opaque to the store. */
  readonly body: string;
}

/** Answers one pushed message; a duplicate names the message that was there first. */
export interface PushReply {
  /** The message that counts: the pushed one, or the winner. */
  readonly id: string;
  /** Whether this push is in the store, or another one holds its id or its key. */
  readonly disposition: "enqueued" | "duplicate";
}

/** Proves who holds a message: its id, its line, and the claim under which it was taken. */
export interface Held extends Line {
  /** The message's id. */
  readonly id: string;
  /** The claim, as given with the delivery. */
  readonly claim: string;
}

/** Is one hand-over of a message to a worker. */
export interface Delivery extends Held {
  /** Grows with each delivery of the message; 1 for the first. */
  readonly fence: number;
  /** How many attempts have failed so far. */
  readonly failures: number;
  /**
   * How many deliveries ended with their lease running out. A delivery that brings a message with
   * `SUSPECT_CRASHES` or more is parked, and so is one that waits with its worker: until an extension
   * says that it begins, its lease may run out without being counted.
   */
  readonly crashes: number;
  /** The worker whose lease ran out just before this delivery; empty if none. */
  readonly crashedWorker: string;
  /** When it was enqueued, by the store's clock. */
  readonly enqueuedAtMs: number;
  /** When it stops being worth a start, by the store's clock; 0 for never. */
  readonly expiresAtMs: number;
  /** What workers wrote down about earlier attempts; empty at first. */
  readonly journal: string;
  /** The envelope. */
  readonly body: string;
  /** The broker's own; to be handed back as it is when the delivery is settled. */
  readonly token: string;
}

/** Tells the store how one delivery ended. */
export type Settlement =
  & Held
  & {
    /** The delivery's own `token`. */
    readonly token: string;
  }
  & (
    | {
      /**
       * Done, or not started in time. The outcome can be read for `retainMs`, at least ten minutes, as
       * long as the store is within the bounds of its `Retention`.
       */
      readonly outcome: "succeeded" | "expired";
      readonly retainMs: number;
      /** What a reader of the outcome gets, opaque; empty when nothing is to be kept. */
      readonly result: string;
    }
    | {
      /** Given up. It stays a dead letter until redriven or discarded, or beyond the bounds of those. */
      readonly outcome: "dead";
      readonly journal: string;
      /** One more failure is counted, unless the message died of something else than an attempt. */
      readonly failed: boolean;
    }
    | {
      /** Failed, and due again after `delayMs`. One more failure is counted. */
      readonly outcome: "retry";
      readonly delayMs: number;
      readonly journal: string;
    }
    | {
      /** Handed back, due again after `delayMs`. Nothing is counted. */
      readonly outcome: "defer";
      readonly delayMs: number;
    }
  );

/** Renews a lease, and may write down how far the handler is. */
export interface Extension extends Held {
  /** Says of a parked delivery that its handler begins now: from here on, a crash counts. */
  readonly begins?: boolean;
  /** What a reader sees while the message runs, opaque; left out when unchanged. */
  readonly progress?: string;
}

/** Asks for messages, from the first queue that has any, then the next. */
export interface ClaimRequest {
  /** Queues in order of preference. */
  readonly queues: readonly string[];
  /**
   * The most messages to take, 1 to `MAX_BATCH`. Fewer may come, to keep the reply small; at least one,
   * if any is due.
   */
  readonly max: number;
  /**
   * How many of them begin at once, the first ones, from 0. Those behind wait with their worker: they
   * are handed over parked, and what was lost while it was parked, or has crashed a worker, is not handed
   * over to wait.
   *
   * @default all
   */
  readonly begins?: number;
}

/** Settles, renews and claims in one round trip. */
export interface ExchangeRequest {
  /** A random 128-bit id, one per caller that awaits each reply before its next request. */
  readonly channel: string;
  /**
   * Counts the channel's requests from 1. A request that is sent again keeps its number, and gets the
   * same batch and the same answers to its settlements; one that comes after a later number claims
   * nothing.
   */
  readonly seq: number;
  /** Who asks, for people to read; no spaces, at most 64 characters. */
  readonly worker: string;
  /** How long claimed and extended messages are held, in milliseconds. */
  readonly leaseMs: number;
  /** Deliveries that ended. At most `MAX_BATCH`. */
  readonly settle: readonly Settlement[];
  /** Deliveries that go on. At most `MAX_BATCH`. */
  readonly extend: readonly Extension[];
  /** What to take; left out to take nothing. */
  readonly claim?: ClaimRequest;
  /**
   * How many finished messages past their retention's time or bounds to forget at most, 0 to
   * `MAX_BATCH`; and how many dead letters beyond theirs to drop, unless the request has come again.
   */
  readonly trim: number;
  /**
   * Leaves word at the queues asked for when nothing is left there to take, so that what comes calls
   * this worker: its id, a dot, and the number of the look. Left out by who hears no calls.
   */
  readonly sleeper?: string;
  /** Looks into every line asked for, in case the index that says which have work is wrong. */
  readonly sweep: boolean;
}

/** Answers an exchange, entry by entry in the order asked. */
export interface ExchangeReply {
  /** The store's clock. */
  readonly nowMs: number;
  /** Whether each outcome counted; `lease_lost` means that nothing was changed. */
  readonly settled: readonly ("ok" | "lease_lost")[];
  /** Whether each lease goes on. */
  readonly extended: readonly ("ok" | "lease_lost")[];
  /** The messages taken, each to be settled under its claim. */
  readonly claimed: readonly Delivery[];
  /** A lower bound for when the queues asked for have work again; undefined when they hold nothing. */
  readonly nextDueAtMs: number | undefined;
  /** Whether something due was left, since it is only handed over to begin at once. */
  readonly left: boolean;
  /**
   * When there is more to forget than this request was allowed to, or than was old enough; undefined
   * when it asked for none, or all is within its bounds.
   */
  readonly trimAtMs: number | undefined;
  /** The dead letters that were dropped for being beyond their bounds, the oldest first. */
  readonly dropped: readonly string[];
  /** The dead letters there are, when this request has made them nearly full; else undefined. */
  readonly nearlyFull: DeadStock | undefined;
}

/** Is what the store knows of a message. */
export interface MessageRecord extends Line {
  /** The message's id. */
  readonly id: string;
  /**
   * Where it stands, by the store's clock at the time of reading. A message whose expiry passed before
   * its first delivery reads as `expired`, though only a worker's claim makes that final.
   */
  readonly state: MessageState;
  /** How many attempts have failed. */
  readonly failures: number;
  /** How many deliveries ended with their lease running out. */
  readonly crashes: number;
  /** How often it has been delivered. */
  readonly fence: number;
  /** When it was enqueued. */
  readonly enqueuedAtMs: number;
  /** When it is or was due next; meaningless once it is final. */
  readonly dueAtMs: number;
  /** When it became final; 0 while it is not. */
  readonly finishedAtMs: number;
  /** Who holds it or held it last; empty if nobody has yet. */
  readonly worker: string;
  /** The envelope; empty once it has succeeded, expired or been cancelled. */
  readonly body: string;
  /** What workers wrote down about its attempts; empty at first. */
  readonly journal: string;
  /** How far its handler said it was; empty if it said nothing. */
  readonly progress: string;
  /** What was kept of its outcome; empty unless it succeeded, expired or was cancelled. */
  readonly result: string;
}

/** Names a message together with its line, as a record gives it. */
export interface MessageRef extends Line {
  /** The message's id. */
  readonly id: string;
}

/** Is one page of dead letters, newest first. */
export interface DeadPage {
  /** The letters, each with `state: "dead"`. */
  readonly letters: readonly MessageRecord[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
  /** How many dead letters there are in all. */
  readonly total: number;
}

/** Is the durable side of Dabba; see the rules at the head of this file. */
export interface Broker {
  /** What to call it in texts, such as `"redis"`. */
  readonly kind: string;
  /** Which part of a shared store its messages lie in; undefined where it has the store to itself. */
  readonly namespace?: string;
  /** How long an idle worker waits between two looks: at first, and at most, in milliseconds. */
  readonly polling: { readonly minMs: number; readonly maxMs: number };
  /**
   * How long an outcome may wait for others to travel with it, in milliseconds: where requests are
   * paid for, many in one are cheap; where they are not, waiting only keeps a permit, and lets a crash
   * repeat what had been done.
   */
  readonly lingerMs: number;
  /**
   * Whether a worker may claim again before it has the answer to a claim: where the store works beside
   * its callers, and requests are not paid for.
   *
   * @default false
   */
  readonly overlaps?: boolean;
  /** Stores messages, all or none; at most `MAX_BATCH`. */
  push(messages: readonly PushMessage[]): Promise<PushReply[]>;
  /** Settles, renews and claims in one round trip. */
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** Says when the queues named may have work, as cheaply as the store can; undefined for nothing. */
  probe(queues: readonly string[]): Promise<number | undefined>;
  /**
   * Reads messages for display; undefined for those that are unknown. At most `MAX_BATCH`. Who only
   * waits for an outcome says so: a store may then tell the states of others apart less well, for less.
   */
  read(
    ids: readonly string[],
    aim?: "outcome",
  ): Promise<(MessageRecord | undefined)[]>;
  /**
   * Stops messages that are not final. A running one loses its lease at once. `op` is a random id of
   * the call; `result` is what a reader of the outcome gets. At most `MAX_BATCH`.
   */
  cancel(
    messages: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("cancelled" | "not_found" | "final")[]>;
  /** Lists dead letters, newest first; `after` is a page's `next`. */
  dead(page: { readonly limit: number; readonly after?: string }): Promise<DeadPage>;
  /** Sends dead letters round again, with fresh budgets; `op` is a random id of the call. */
  redrive(letters: readonly MessageRef[], op: string): Promise<("redriven" | "not_dead")[]>;
  /**
   * Throws dead letters away; each reads as `cancelled` while its outcome is kept. `op` is a random id
   * of the call; `result` is what a reader of the outcome gets.
   */
  discard(
    letters: readonly (MessageRef & { readonly result: string })[],
    op: { readonly id: string; readonly retainMs: number },
  ): Promise<("discarded" | "not_dead")[]>;
  /** Counts what the store holds. */
  stats(): Promise<BrokerStats>;
  /**
   * Looks a page at a time for messages that are not in exactly one state, and mends what it can when
   * told so. Messages may come and go meanwhile; what it finds is true when it is found.
   */
  check(page: { readonly repair: boolean; readonly after?: string }): Promise<CheckPage>;
  /** Says how safe messages are in this store, as it is set up. A broker may know nothing of that. */
  doctor?(): Promise<Diagnosis[]>;
  /** Counts what its calls cost where they are paid for; a store without prices has none. */
  costs?(): BrokerCosts;
  /**
   * Says how long the store's server has been up, in milliseconds; undefined where that cannot be known.
   * A broker whose store a crash can leave half written has it: workers repair it after a restart.
   */
  uptimeMs?(): Promise<number | undefined>;
  /** Tells a worker when there is work, until `signal` aborts or the connection is lost. */
  wake?(watch: Watch): Promise<void>;
  /** Lets go of connections and files; further calls fail. */
  close(): Promise<void>;
}
