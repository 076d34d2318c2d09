/** The schema of `producer_entry.ts`; the bench puts another in its place. */

export { payloadSchema as SCHEMA } from "../way.ts";
