/** What a producer imports of the library: this is weighed, without an app around it. */
export { defineTask, Producer, redisProducer } from "@dabba/queue/producer";
