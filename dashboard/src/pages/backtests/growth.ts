/** Equity as growth of 100, and how far each point is below the highest before it. */

import type { Schemas } from "../../api/client";

export interface Point {
  /** Seconds, as the chart takes them. */
  time: number;
  value: number;
}

export interface Growth {
  growth: Point[];
  /** Fractions, 0 or negative. */
  down: Point[];
}

const DAY_S = 86_400;
/** Up to this many calendar days a run's own curve is drawn, not one point a session. */
const FINE_DAYS = 7;
/** Below this many the figures of a year say little. */
const FEW_DAYS = 28;

const noon = (day: string) => Date.parse(`${day}T12:00:00Z`) / 1_000;

/** Calendar days from the first to the last, both counted. */
export function span(first: string, last: string): number {
  return Math.round((noon(last) - noon(first)) / DAY_S) + 1;
}

export const fine = (first: string, last: string): boolean => span(first, last) <= FINE_DAYS;
export const few = (first: string, last: string): boolean => span(first, last) < FEW_DAYS;

/** The line of a run: it begins at 100, with what it had before its first session. */
export function growthOf(points: readonly Schemas["EquityPoint"][], start: string): Growth {
  const base = Number(start);
  const growth: Point[] = [];
  const down: Point[] = [];
  if (!(base > 0)) return { growth, down };
  let peak = base;
  const put = (time: number, equity: number) => {
    if (growth.at(-1)?.time === time) {
      growth.pop(); // a later point of the same moment holds
      down.pop();
    }
    peak = Math.max(peak, equity);
    growth.push({ time, value: (equity / base) * 100 });
    down.push({ time, value: equity / peak - 1 });
  };
  const first = points[0];
  if (!first) return { growth, down };
  // A day belongs to no zone: noon of UTC is that day everywhere between the coasts.
  const at = (moment: string) => (moment.length === 10 ? noon(moment) : Date.parse(moment) / 1_000);
  if (first.at.length === 10) put(at(first.at) - DAY_S, base);
  else if (Number(first.equity) !== base) put(at(first.at) - 60, base);
  for (const { at: moment, equity } of points) put(at(moment), Number(equity));
  return { growth, down };
}
