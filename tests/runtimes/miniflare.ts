/** Serves a bundle on workerd by way of miniflare; for Node, in a folder where miniflare is found. */

/** A workerd that serves, as far as it is used here. */
export interface Workerd {
  /** Resolves when it serves. */
  readonly ready: Promise<unknown>;
  /** Sends a request to the bundle. */
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>;
  /** Gives the bundle's other handlers. */
  getWorker(): Promise<{ scheduled(event: { cron: string }): Promise<{ outcome: string }> }>;
  /** Ends it. */
  dispose(): Promise<void>;
}

// A name, so that only the folder it runs in need have it.
const name = "miniflare";
const { Miniflare } = await import(name) as {
  Miniflare: new (options: Record<string, unknown>) => Workerd;
};

/** Starts one with this bundle, which finds the bindings in its `env`. */
export function startWorkerd(path: string, bindings: Record<string, string> = {}): Workerd {
  return new Miniflare({
    // By name, as wrangler does: the loader of SQLite holds an import that is not to be followed here.
    modules: [{ type: "ESModule", path }],
    bindings,
    compatibilityDate: "2026-07-01",
  });
}
