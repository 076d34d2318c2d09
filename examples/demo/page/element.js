/** Elements: found by id or part, and made with text alone. What comes from data is never HTML. */

/** Finds an element of the page. */
export function byId(id) {
  return document.getElementById(id);
}

/** Finds a marked part of an element. */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** Makes an element with text and attributes. */
export function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Writes text only where it differs, so that a screen reader is not told the same thing twice. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Shows a state on its pill. */
export function showState(pill, state, word) {
  pill.dataset.state = state;
  write(pill, word);
}

/** Tells screen readers about a change, once. */
export function announce(text) {
  write(byId("announcer"), text);
}
