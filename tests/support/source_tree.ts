/** The project's own TypeScript as the structure test sees it: files, lines and imports. */
import { ROOT } from "./project.ts";

/** One import or re-export of a file. */
export interface Import {
  /** As written, such as `../errors.ts` or `ioredis`. */
  readonly specifier: string;
  /** The file meant, from the root, for one of this project; else the same as the specifier. */
  readonly target: string;
  /** Whether it is only loaded when the code gets there. */
  readonly dynamic: boolean;
}

/** One file of the project. */
export interface SourceFile {
  /** From the root, such as `src/worker/pump.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** A statement begins its line, which an example in a comment does not. */
const STATIC = /^(?:import|export)\b[^"'`;]*?from\s*"([^"]+)"|^import\s+"([^"]+)"/gm;
const DYNAMIC = /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*"([^"]+)"/gm;

/** Reads every TypeScript file below the folders, and the files, that are there. */
export async function readSources(...places: readonly string[]): Promise<SourceFile[]> {
  const aliases = await readAliases();
  const paths = (await Promise.all(places.map(listFiles))).flat().sort();
  return await Promise.all(paths.map(async (path) => {
    const text = await Deno.readTextFile(ROOT + path);
    return { path, text, imports: importsOf(path, text, aliases) };
  }));
}

/** All that a file loads at once, by way of other files of the project, itself included. */
export function staticGraph(files: readonly SourceFile[], entry: string): SourceFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<SourceFile>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = byPath.get(path);
    if (!file || reached.has(file)) continue;
    reached.add(file);
    open.push(...file.imports.filter(({ dynamic }) => !dynamic).map(({ target }) => target));
  }
  return [...reached];
}

async function readAliases(): Promise<Map<string, string>> {
  const { imports } = JSON.parse(await Deno.readTextFile(ROOT + "deno.json"));
  const own = Object.entries<string>(imports).filter(([, target]) => target.startsWith("./"));
  return new Map(own.map(([alias, target]) => [alias, target.slice(2)]));
}

async function listFiles(place: string): Promise<string[]> {
  const info = await Deno.stat(ROOT + place).catch(() => undefined);
  if (!info) return [];
  if (info.isFile) return [place];
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(ROOT + place)) {
    const path = `${place}/${name}`;
    if (isDirectory) found.push(...await listFiles(path));
    else if (/\.tsx?$/.test(name)) found.push(path);
  }
  return found;
}

function importsOf(path: string, text: string, aliases: Map<string, string>): Import[] {
  const found: Import[] = [];
  for (const [pattern, dynamic] of [[STATIC, false], [DYNAMIC, true]] as const) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match[1] ?? match[2]!;
      found.push({ specifier, target: targetOf(path, specifier, aliases), dynamic });
    }
  }
  return found;
}

function targetOf(path: string, specifier: string, aliases: Map<string, string>): string {
  if (!specifier.startsWith(".")) return aliases.get(specifier) ?? specifier;
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
