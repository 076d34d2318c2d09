import { brokerContract } from "../contract/contract.ts";
import { openFile, openMemory } from "./harness.ts";

brokerContract("sqlite in memory", openMemory);
brokerContract("sqlite in a file", openFile);
