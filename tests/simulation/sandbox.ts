/** Takes time and chance out of a process: what the code draws or waits for follows from the seed. */

import type { Random } from "../broker/contract/random.ts";
import { EPOCH_MS, type FakeClock } from "../worker/fake_clock.ts";

/** Replaces all that differs from run to run, until it is disposed of. One at a time in a process. */
export function sandbox(clock: FakeClock, random: Random): Disposable {
  const undo: (() => void)[] = [];
  const replace = <T extends object>(owner: T, name: keyof T, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    undo.push(() => {
      if (before) Object.defineProperty(owner, name, before);
      else delete owner[name];
    });
  };
  const cancels = new Map<number, () => void>();
  let timers = 0;
  const after = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const id = ++timers;
    cancels.set(id, clock.timer(ms, () => callback(...args)));
    return id;
  };
  const calloff = (id?: number) => cancels.get(id ?? 0)?.();
  replace(Math, "random", () => random.below(2 ** 30) / 2 ** 30);
  replace(crypto, "getRandomValues", (bytes: Uint8Array) => bytes.map(() => random.below(256)));
  replace(Date, "now", () => EPOCH_MS + clock.now());
  replace(performance, "now", () => clock.now());
  replace(globalThis, "setTimeout", after);
  replace(globalThis, "clearTimeout", calloff);
  // Without it, turns end after some microtasks: nothing real is waited for.
  replace(globalThis as { setImmediate?: unknown }, "setImmediate", undefined);
  return { [Symbol.dispose]: () => undo.toReversed().forEach((act) => act()) };
}
