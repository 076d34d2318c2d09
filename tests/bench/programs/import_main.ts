/** Imports a module, and says how long that took. */

import { sayJson } from "../../support/lines.ts";

const startedAt = performance.now();
await import(Deno.args[0]!);
const importMs = performance.now() - startedAt;
sayJson({ importMs });
Deno.exit();
