/** Lends the path of a file that does not exist yet, in a folder of its own. */
export async function withTempFile(play: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-sqlite-" });
  try {
    await play(`${folder}/dabba.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
