import { differential } from "../contract/differential.ts";
import { openMemory } from "../sqlite/harness.ts";
import { openHttp, openTcp } from "./harness.ts";

differential("redis over HTTP", openHttp, "sqlite", openMemory, {
  seeds: [1, 2, 3],
  steps: 300,
});
differential("redis over TCP", openTcp, "sqlite", openMemory, {
  seeds: [11, 12, 13, 14, 15, 16, 17],
  steps: 300,
});
