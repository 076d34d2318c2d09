/** Whether the page is shown: one in the background asks for nothing, and holds no connection. */

/** Resolves as soon as the page is shown. */
export async function shown() {
  while (document.hidden) await turned();
}

/** Resolves the next time that the page is shown or hidden. */
export function turned() {
  return new Promise((resolve) =>
    document.addEventListener("visibilitychange", resolve, { once: true })
  );
}
