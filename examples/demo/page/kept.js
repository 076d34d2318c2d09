/** What outlives a reload: which messages this browser has sent. */

const KEY = "dabba.demo.messages";
const MOST = 12;

/** Lists the messages sent from here, newest first: `{ kind, location, text }`. */
export function kept(kind) {
  return readAll().filter((message) => message.kind === kind);
}

/** Remembers a message. */
export function keep(message) {
  save([message, ...readAll().filter(({ location }) => location !== message.location)]);
}

/** Forgets a message. */
export function forget(location) {
  save(readAll().filter((message) => message.location !== location));
}

function readAll() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((message) => isPath(message?.location)) : [];
  } catch {
    // A browser may forbid storage: then nothing is kept, and all else works.
    return [];
  }
}

function save(messages) {
  try {
    localStorage.setItem(KEY, JSON.stringify(messages.slice(0, MOST)));
  } catch {
    // As above.
  }
}

function isPath(location) {
  return typeof location === "string" && location.startsWith("/") && !location.startsWith("//");
}
