/** What hears of a connection that has gone silent, and when. */
export interface SilenceOptions {
  /** How long an answer may take, counted from the last one. */
  readonly limitMs: number;
  readonly onSilence: () => void;
}

/**
 * Watches one connection for silence. Redis answers in order, so one clock a connection will do: while
 * answers come, none is late, however many are still to come.
 */
export class SilenceWatch {
  readonly #options: SilenceOptions;
  #pending = 0;
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  /** How many commands wait for their answer. */
  get pending(): number {
    return this.#pending;
  }

  /** For how many milliseconds answers have been due and none has come. */
  get silentMs(): number {
    return this.#pending === 0 ? 0 : performance.now() - this.#since;
  }

  /** A command was sent. */
  sent(): void {
    if (this.#pending++ === 0) this.#since = performance.now();
    // One that has run out by then looks again: arming it for each command would cost more.
    this.#timer ??= setTimeout(this.#look, this.#options.limitMs);
  }

  /** A command was answered, or never will be. */
  settled(): void {
    this.#pending--;
    this.#since = performance.now();
  }

  /** Watches no longer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (this.#pending === 0) return;
    const left = this.#options.limitMs - this.silentMs;
    if (left > 0) this.#timer = setTimeout(this.#look, left);
    else this.#options.onSilence();
  };
}
