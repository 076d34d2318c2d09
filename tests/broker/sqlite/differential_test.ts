import { differential } from "../contract/differential.ts";
import { openFile, openMemory } from "./harness.ts";

// Two of a kind: it proves that the commands mean the same twice, and that no state of a process
// comes into it. What one implementation gets wrong, only another one shows.
differential("sqlite in a file", openFile, "sqlite in memory", openMemory, {
  seeds: [1, 2, 3, 4, 5],
  steps: 300,
});
