/** Imports a module, and says how long that took. */

const startedAt = performance.now();
await import(Deno.args[0]!);
const importMs = performance.now() - startedAt;
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify({ importMs })}\n`));
Deno.exit();
