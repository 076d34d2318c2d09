/** Text that the store keeps byte for byte and never looks into. */

// With ignoreBOM a leading U+FEFF is kept: the name means that it is not treated as a mark.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Gives the value to store for a text. Two kinds travel as bytes: one with a NUL, because Deno's
 * node:sqlite reads a text column only up to the first NUL, and one that begins with U+FEFF, which Bun
 * before 1.4 leaves out.
 */
export function opaque(text: string): string | Uint8Array {
  const fragile = text.includes("\0") || text.startsWith("\uFEFF");
  return fragile ? new TextEncoder().encode(text) : text;
}

/** Gives back the text of a stored value. */
export function textOf(stored: string | Uint8Array): string {
  return typeof stored === "string" ? stored : utf8.decode(stored);
}
