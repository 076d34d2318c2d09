/** Names of tasks in the document: what generators make types and functions of. */

/** Is what a task is called in the document, `EmailWelcome` for `email.welcome`. */
export type TypeNames = ReadonlyMap<string, string>;

/** Gives each task a name for types, different from the others even where case does not count. */
export function typeNames(tasks: readonly string[]): TypeNames {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const task of tasks) {
    const plain = pascal(task);
    let name = plain;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${plain}_${n}`;
    taken.add(name.toLowerCase());
    names.set(task, name);
  }
  return names;
}

function pascal(task: string): string {
  const words = task.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("") || "Task";
}
