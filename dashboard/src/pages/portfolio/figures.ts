/** What a page computes of snapshots and fills: drawdown, win rate, what the curve says. */

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";

/** A snapshot with how far it lies under the highest one before it, as a fraction. */
export interface Step {
  at: string;
  equity: number;
  drawdown: number;
}

export function stepsOf(points: readonly Schemas["Point"][]): Step[] {
  let peak = -Infinity;
  return points.map(({ at, equity: text }) => {
    const equity = Number(text);
    peak = Math.max(peak, equity);
    return { at, equity, drawdown: peak > 0 ? equity / peak - 1 : 0 };
  });
}

/** Where the drawdown was deepest; null before the first snapshot. */
export function deepest(steps: readonly Step[]): Step | null {
  let found: Step | null = null;
  for (const step of steps) if (!found || step.drawdown < found.drawdown) found = step;
  return found;
}

/** A fill that closed something, and what it brought. */
export interface Close {
  at: string;
  pnl: number;
}

/** The closes among fills (newest first), oldest first. */
export function closesOf(trades: readonly Schemas["Trade"][]): Close[] {
  return trades
    .filter(({ pnl, qty }) => pnl !== null && qty !== 0)
    .map(({ at, pnl }) => ({ at, pnl: Number(pnl) }))
    .reverse();
}

/** The share of gains after each close that brought a gain or a loss. */
export function winRates(closes: readonly Close[]): number[] {
  let won = 0;
  const decided = closes.filter(({ pnl }) => pnl !== 0);
  return decided.map(({ pnl }, index) => (won += pnl > 0 ? 1 : 0) / (index + 1));
}

/** "14:55", with its day where the figures span more than one. */
export function moment(at: string, other: string): string {
  return format.sameDay(at, other) ? format.clock(at) : `${format.day(at)} ${format.clock(at)}`;
}

/** The curve in a sentence, for people who do not see it. */
export function sentence(steps: readonly Step[]): string {
  const [first, last, low] = [steps[0], steps.at(-1), deepest(steps)];
  if (!first || !last || !low) return "There is no snapshot of the equity yet.";
  const way = { gain: "rose", loss: "fell", zero: "stayed" }[
    format.signOf(last.equity - first.equity)
  ];
  const fell =
    low.drawdown < 0
      ? `the deepest drawdown was ${format.percent(low.drawdown)} on ${format.full(low.at)}`
      : "it never lay under an earlier peak";
  return (
    `Equity ${way} from ${format.money(first.equity)} to ${format.money(last.equity)} dollars ` +
    `between ${format.full(first.at)} and ${format.full(last.at)}; ${fell}.`
  );
}
