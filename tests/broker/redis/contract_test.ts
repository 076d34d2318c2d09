import { brokerContract } from "../contract/contract.ts";
import { openHttp, openProducer, openRest, openTcp } from "./harness.ts";

// After a large reply the parser inside ioredis, which the gateway needs, keeps a timer for two
// seconds. All other tests of the Redis broker have their leaks looked for.
Deno.test.sanitizer({ ops: false, resources: false });

brokerContract("redis over HTTP", openHttp);
brokerContract("redis over HTTP, by its own client", openRest);
brokerContract("redis, with a producer's broker", openProducer);
brokerContract("redis over TCP", openTcp);
