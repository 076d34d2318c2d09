/** Finds the processes that a process has started, so that a check that hangs leaves none behind. */

/** The processes below this one, at any depth; none where the system has no /proc. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const parents = await parentsOfAll();
  const family = new Set([pid]);
  // A child's number may be below its parent's: look again until nobody joins.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  family.delete(pid);
  return [...family];
}

async function parentsOfAll(): Promise<[child: number, parent: number][]> {
  const parents: [number, number][] = [];
  try {
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      // One that has ended meanwhile is nobody's child.
      const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
      // The name of the program comes before, in brackets, and may hold anything.
      const parent = /^.*\) \S (\d+) /s.exec(stat)?.[1];
      if (parent !== undefined) parents.push([Number(name), Number(parent)]);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return parents;
}
