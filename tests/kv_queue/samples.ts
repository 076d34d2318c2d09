/**
 * The samples of Deno's documentation on queues (docs.deno.com, MIT licence), as they stand there; what
 * a test adds so that they do something, or come to an end, is marked.
 */

/** Is one documented sample. */
export interface Sample {
  /** Where it stands. */
  readonly source: string;
  /** The program. */
  readonly code: string;
  /** The lines that it prints, in any order. */
  readonly says: readonly string[];
}

const NOTIFICATION = `
interface Notification {
  forUser: string;
  body: string;
}

// Get a reference to a KV instance
const kv = await Deno.openKv();
`;

const IS_NOTIFICATION = `
function isNotification(o: unknown): o is Notification {
  return (
    ((o as Notification)?.forUser !== undefined &&
      typeof (o as Notification).forUser === "string") &&
    ((o as Notification)?.body !== undefined &&
      typeof (o as Notification).body === "string")
  );
}
`;

/** Those that need the queues only. */
export const SAMPLES: readonly Sample[] = [
  {
    source: "examples/queues",
    code: `${NOTIFICATION}
// Create a notification object
const message: Notification = {
  forUser: "alovelace",
  body: "You've got mail!",
};

// Enqueue the message for immediate delivery
await kv.enqueue(message);

// Enqueue the message for delivery in 3 days
const delay = 1000 * 60 * 60 * 24 * 3;
await kv.enqueue(message, { delay });

// Retrieve an unsent message by configuring a key
const backupKey = ["failed_notifications", "alovelace", Date.now()];
await kv.enqueue(message, { keysIfUndelivered: [backupKey] });
// ... disaster strikes ...
// Get the unsent message
const r = await kv.get<Notification>(backupKey);
console.log("Found failed notification for:", r.value?.forUser);

// Listen for and handle messages.
kv.listenQueue((msg: Notification) => {
  console.log(\`Dear \${msg.forUser}: \${msg.body}\`);
});
`,
    says: [
      "Found failed notification for: undefined",
      "Dear alovelace: You've got mail!",
      "Dear alovelace: You've got mail!",
    ],
  },
  {
    source: "deploy/kv/manual/queue_overview, listen_example.ts",
    code: `${NOTIFICATION}${IS_NOTIFICATION}
kv.listenQueue((msg: unknown) => {
  // Use type guard - then TypeScript compiler knows msg is a Notification
  if (isNotification(msg)) {
    console.log("Sending notification to user:", msg.forUser);
    // ... do something to actually send the notification!
  } else {
    // If the message is of an unknown type, it might be an error
    console.error("Unknown message received:", msg);
  }
});

// Added by the test:
await kv.enqueue({ forUser: "grace", body: "Hello" });
`,
    says: ["Sending notification to user: grace"],
  },
  {
    source: "deploy/kv/tutorials/schedule_notification",
    code: `${NOTIFICATION.replace("forUser", "email")}
${IS_NOTIFICATION.replaceAll("forUser", "email")}
kv.listenQueue(async (message) => {
  // Use type guard to short circuit early if the message is of the wrong type
  if (!isNotification(message)) return;

  // Grab the relevant data from the message, which TypeScript now knows
  // is a Notification interface
  const { email, body } = message;
  // Added by the test:
  console.log(email, body);
});

// The tutorial waits for five seconds.
const delay = 50;
const n: Notification = { email: "ada@example.com", body: "Order received" };

// Enqueue the message for processing!
kv.enqueue(n, { delay });
`,
    says: ["ada@example.com Order received"],
  },
  {
    source: "api/deno, Deno.Kv.prototype.enqueue",
    code: `
const db = await Deno.openKv();
await db.enqueue("bar");
await db.enqueue("bar", { delay: 60000 });
await db.enqueue("bar", {
  keysIfUndelivered: [["foo", "bar"]],
  backoffSchedule: [1000, 5000, 10000],
});

// Added by the test:
db.listenQueue((msg) => console.log(msg.length, msg));
`,
    says: ["3 bar", "3 bar"],
  },
];

/** Those that need data: what our own says of them on standard error. */
export const DATA_SAMPLES: readonly (Sample & { readonly complaint: string })[] = [
  {
    source: "api/deno, Deno.Kv.prototype.listenQueue",
    code: `
const db = await Deno.openKv();
db.listenQueue(async (msg: unknown) => {
  await db.set(["foo"], msg);
});

// Added by the test:
await db.enqueue("bar");
`,
    says: [],
    complaint: "KvUnsupportedError: Cannot set: @dabba/queue/kv-queue has the queues of Deno KV",
  },
  {
    source: "deploy/kv/manual/queue_overview, kv_transaction_example.ts",
    code: `
const kv = await Deno.openKv();
// Modify keys and enqueue messages in the same KV transaction!
const nonce = crypto.randomUUID();
await kv
  .atomic()
  .check({ key: ["nonces", nonce], versionstamp: null })
  .enqueue({ nonce: nonce, change: 10 })
  .set(["nonces", nonce], true)
  .sum(["enqueued_count"], 1n)
  .commit();
`,
    says: [],
    complaint: "KvUnsupportedError: Cannot check in an atomic operation: @dabba/queue/kv-queue has",
  },
];
