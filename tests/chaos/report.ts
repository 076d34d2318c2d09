/** Words the table of the rig, as the README carries it. */

/** Is one check with what came of it. */
export interface Row {
  /** Its number and title. */
  readonly check: string;
  /** What was counted or measured. */
  readonly figure: string;
  /** What must hold. */
  readonly goal: string;
  /** Whether it holds. */
  readonly met: boolean;
  /** What repeats it. */
  readonly seed: number;
}

/** Gives the rows as a table in Markdown. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ check, goal, figure, met }) =>
    `| ${[check, goal, figure, met ? "yes" : "**no**"].map(cell).join(" | ")} |`
  );
  return ["| check | goal | figure | met |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
