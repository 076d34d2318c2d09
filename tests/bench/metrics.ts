/** The list of metrics, in the order of the table; each is a module of the folder `metrics`. */

/** Names the modules. */
export const METRICS: readonly string[] = [
  "broker_alone",
  "enqueue_latency",
  "enqueue_bulk",
  "enqueue_at_once",
  "process_noop",
  "process_peers",
  "process_cpu",
  "process_io",
  "start_latency",
  "commands",
  "idle",
  "memory_waiting",
  "memory_worker",
  "memory_million",
  "backlog",
  "many_queues",
  "start_up",
  "bundle",
  "workerd",
  "micro",
];
