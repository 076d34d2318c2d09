/** `GET /metrics`: what the store holds and this process did, for Prometheus. */

import type { BrokerStats } from "../broker/broker.ts";
import type { Producer } from "../producer/producer.ts";
import { HEADERS, type Serve } from "./answer.ts";
import { Counters } from "./counters.ts";
import { expose, EXPOSITION_TYPE, type Family } from "./exposition.ts";

/** Makes the handler that gives the metrics; it counts from now on. */
export function serveMetrics(dabba: Producer): Serve {
  const counters = new Counters(dabba);
  return async function metrics(c) {
    const stats = await dabba.inspect.stats();
    const text = expose([...familiesOf(stats), ...counters.families()]);
    return c.body(text, 200, { ...HEADERS, "content-type": EXPOSITION_TYPE });
  };
}

function familiesOf({ nowMs, queues, dead, deadBytes }: BrokerStats): Family[] {
  type Queue = BrokerStats["queues"][number];
  const gauge = (name: string, help: string, value: (queue: Queue) => number): Family => ({
    ...{ name, help, type: "gauge" },
    samples: queues.map((queue) => ({ labels: { queue: queue.queue }, value: value(queue) })),
  });
  return [
    gauge("dabba_queue_ready_messages", "Messages due now.", ({ ready }) => ready),
    gauge(
      "dabba_queue_later_messages",
      "Messages due later: scheduled, backing off, or leased.",
      ({ later }) => later,
    ),
    gauge(
      "dabba_queue_oldest_ready_seconds",
      "How long the oldest ready message has been waiting; 0 for none.",
      ({ oldestReadyAtMs = nowMs }) => Math.max(0, nowMs - oldestReadyAtMs) / 1_000,
    ),
    {
      name: "dabba_dead_letters",
      type: "gauge",
      help: "Dead letters.",
      samples: [{ value: dead }],
    },
    {
      name: "dabba_dead_letters_bytes",
      type: "gauge",
      help: "Bytes of the bodies and histories of dead letters.",
      samples: [{ value: deadBytes }],
    },
  ];
}
