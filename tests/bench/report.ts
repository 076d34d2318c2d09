/** Words the table of the bench, as the README carries it. */

import type { Row } from "./metric.ts";

/** Gives the rows as a table in Markdown. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ metric, value, unit, goal, met }) => {
    const shown = typeof value === "number" ? `${value.toLocaleString("en-US")} ${unit}` : value;
    const word = met === null ? "" : met ? "yes" : "**no**";
    return `| ${[metric, shown.trim(), goal ?? "", word].map(cell).join(" | ")} |`;
  });
  return ["| metric | figure | goal | met |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
