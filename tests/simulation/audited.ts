/** A store whose every operation is audited before the next one is done. */

import type { Broker } from "../../src/broker/broker.ts";
import type { Call, Operation } from "../worker/faulty_broker.ts";
import type { Auditor } from "./auditor.ts";

/** What only reads has nothing to be audited. */
const CHANGES: ReadonlySet<string> = new Set(["push", "exchange", "cancel", "redrive"]);

/** Puts an auditor beside a store; `log` gets a line for each operation. */
export function audited(store: Broker, auditor: Auditor, log: (line: string) => void): Broker {
  let last: Promise<unknown> = Promise.resolve();
  const watch = <O extends Operation>(operation: O): Broker[O] => {
    const run = async (...args: unknown[]) => {
      const act = store[operation] as (...args: unknown[]) => Promise<unknown>;
      const reply = await act.apply(store, args);
      log(`${operation} ${JSON.stringify(args)} ${JSON.stringify(reply)}`);
      if (CHANGES.has(operation)) await auditor.see({ operation, args } as unknown as Call, reply);
      return reply;
    };
    const inTurn = (...args: unknown[]) => {
      const mine = last.then(() => run(...args));
      last = mine.catch(() => {});
      return mine;
    };
    return inTurn as unknown as Broker[O];
  };
  const { kind, polling, lingerMs } = store;
  return {
    ...{ kind, polling, lingerMs },
    ...{ push: watch("push"), exchange: watch("exchange"), probe: watch("probe") },
    ...{ read: watch("read"), cancel: watch("cancel"), dead: watch("dead") },
    ...{ redrive: watch("redrive"), discard: watch("discard"), stats: watch("stats") },
    check: watch("check"),
    ...(store.wake ? { wake: (watch) => store.wake!(watch) } : {}),
    close: () => store.close(),
  };
}
