/**
 * A worker of a queue that loses: what it pops is nowhere else. The control of the auditor, which must
 * find it out. Its argument: where the gateway is, and where the ledger, as JSON.
 */

import { LedgerWriter } from "./ledger.ts";

const { url, token, key, ledger: folder } = JSON.parse(Deno.args[0]!) as {
  url: string;
  token: string;
  key: string;
  ledger: string;
};
const ledger = new LedgerWriter(folder);

async function work(): Promise<void> {
  for (;;) {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(["LPOP", key]),
    });
    const { result: id } = await response.json() as { result: string | null };
    if (id === null) return;
    ledger.write("start", { id });
    await new Promise((resolve) => setTimeout(resolve, 30));
    ledger.write("effect", { id });
  }
}

await Promise.all(Array.from({ length: 10 }, work));
