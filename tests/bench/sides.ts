/** Those that are compared, each measured by a program in a process of its own. */

import { figure, type Goal, type Row } from "./metric.ts";
import { runProgram } from "./program.ts";
import type { RateOrders } from "./programs/rate.ts";
import type { Stage } from "./stage.ts";
import { type Figures, middle, ratio, type Side } from "./turns.ts";
import type { Way } from "./way.ts";

/** Says what a side has to do. */
export interface Load extends Pick<RateOrders, "call" | "concurrency" | "work"> {
  readonly act: "bulk" | "process";
  /** How many messages Dabba gets, and how many BullMQ: the slower one would take minutes. */
  readonly messages: { readonly dabba: number; readonly bullmq: number };
}

/** How many of its messages a side gets before the clock starts. */
const WARM_UP = 0.2;

/** Makes the three ways of Dabba, and BullMQ. */
export function sidesOf(stage: Stage, load: Load): Side[] {
  return [
    dabbaSide("HTTP", () => stage.http, { stage, load }),
    dabbaSide("TCP", () => stage.tcp, { stage, load }),
    dabbaSide("SQLite", () => stage.sqlite(), { stage, load }),
    bullmqSide(stage, load),
  ];
}

/** Makes Dabba on one way. */
export function dabbaSide(
  name: string,
  way: () => Way,
  { stage, load }: { readonly stage: Stage; readonly load: Load },
): Side {
  return {
    name,
    async measure() {
      await stage.clear();
      return await perSecond("dabba", { ...orders(load, "dabba"), way: way() });
    },
  };
}

/** Makes BullMQ over TCP. */
function bullmqSide(stage: Stage, load: Load): Side {
  return {
    name: "BullMQ",
    async measure() {
      await stage.clear();
      return await perSecond("bullmq", { ...orders(load, "bullmq"), url: stage.server.url });
    },
  };
}

function orders({ messages, ...load }: Load, who: "dabba" | "bullmq"): Record<string, unknown> {
  const count = messages[who];
  return { ...load, messages: count, warmUp: Math.round(count * WARM_UP) };
}

async function perSecond(who: "dabba" | "bullmq", given: Record<string, unknown>): Promise<number> {
  const said = await runProgram(`programs/${who}_main.ts`, given);
  return said.perSecond!;
}

/** Words what came of them: how many messages a second each of them did, and each against BullMQ. */
export function word(
  what: string,
  figures: Figures,
  goals: Readonly<Record<string, Goal>> = {},
): Row[] {
  const names = [...figures.keys()];
  return [
    ...names.map((name) => figure(`${what}, ${name}`, [middle(figures, name), "messages/s"])),
    ...names.filter((name) => name !== "BullMQ").map((name) =>
      figure(
        `${what}, ${name} against BullMQ`,
        [ratio(figures, [name, "BullMQ"]), "×"],
        goals[name],
      )
    ),
  ];
}
