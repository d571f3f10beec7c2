/** Weights over time, from each strategy's history: steps, adjustments, and what learning says. */

import type { Schemas } from "../../api/client";
import { strategyColour } from "../../components/values";
import * as format from "../../format/format";

export type Strategy = Schemas["Strategy"];
export type Change = Schemas["WeightChange"];
export type Metrics = Schemas["StrategyMetrics"];
/** Each strategy's changes, the newest first, as the API has them. */
export type Histories = Record<string, Change[]>;
export type Limits = Record<string, string>;

const SEED = "seed"; // the reason of a run's first weights
const DAY_MS = 86_400_000;

/** Strategies in the order of their colours: the three that come with Tidewire first. */
export function inOrder<T extends { id: string }>(strategies: readonly T[]): T[] {
  const rank = ({ id }: T) => `${strategyColour(id)} ${id}`;
  return [...strategies].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

export interface Adjustment extends Change {
  strategy: string;
}

/** All changes but the first weights, the newest first. */
export function adjustmentsOf(histories: Histories): Adjustment[] {
  return Object.entries(histories)
    .flatMap(([strategy, changes]) => changes.map((change) => ({ strategy, ...change })))
    .filter(({ reason }) => reason !== SEED)
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

/** How far a weight is from where it began, in parts; null where its beginning is not known. */
export function movedSince(changes: readonly Change[] | undefined, weight: number): number | null {
  const first = changes?.at(-1);
  return first?.reason === SEED ? weight - first.new_weight : null;
}

export interface Step {
  at: number;
  weights: Record<string, number>;
}

const holds = (change: Change): number => Date.parse(change.effective_from);

/** The weight that held at a moment; before the first change that is known: what it was then. */
function weightAt(changes: readonly Change[], at: number, now: number): number {
  const found = changes.find((change) => holds(change) <= at); // the newest first
  return found?.new_weight ?? changes.at(-1)?.old_weight ?? now;
}

/** Every moment at which a weight changed, with all weights from it on; the last is `until`. */
export function stepsOf(
  histories: Histories,
  strategies: readonly Strategy[],
  until: number,
): Step[] {
  const moments = new Set(Object.values(histories).flatMap((changes) => changes.map(holds)));
  moments.add(until);
  return [...moments]
    .sort((one, other) => one - other)
    .map((at) => ({
      at,
      weights: Object.fromEntries(
        strategies.map(({ id, weight }) => [id, weightAt(histories[id] ?? [], at, weight)]),
      ),
    }));
}

/** Steps from a moment on; what held then is its first. */
export function stepsFrom(steps: readonly Step[], from: number): Step[] {
  const before = steps.findLast(({ at }) => at <= from);
  const after = steps.filter(({ at }) => at > from);
  return before ? [{ ...before, at: from }, ...after] : after;
}

export interface Mark {
  at: number;
  /** A guardrail kept a weight from what learning wanted. */
  bound: boolean;
}

/** When weights began to hold. */
export function marksOf(adjustments: readonly Adjustment[]): Mark[] {
  const found = new Map<number, boolean>();
  for (const change of adjustments) {
    const at = holds(change);
    found.set(at, (found.get(at) ?? false) || change.guardrail !== "");
  }
  return [...found].map(([at, bound]) => ({ at, bound }));
}

/** Where the time axis is labelled: midnights, or a few clock times of a short span. */
export function ticksOf(from: number, until: number, most = 6): number[] {
  const span = until - from;
  if (span < 2 * DAY_MS) return [0, 1, 2, 3].map((part) => from + (part * span) / 3);
  const step = Math.ceil(span / DAY_MS / most);
  const midnight = new Date(from);
  midnight.setHours(24, 0, 0, 0);
  const ticks: number[] = [];
  while (midnight.getTime() <= until) {
    ticks.push(midnight.getTime());
    midnight.setDate(midnight.getDate() + step);
  }
  return ticks;
}

/** What kept a weight from what learning wanted for it, in words. */
export function guardrailWords(guardrail: string, limits: Limits | undefined): string {
  const shift = Number(limits?.["learning.max_shift"]);
  const floor = Number(limits?.["learning.floor"]);
  const known: Record<string, string> = {
    min_trades: "Too few closed trades",
    max_shift: `Moves at most ${points(shift, false)} pt a cycle`,
    floor: `Not below ${format.percent(floor, { decimals: 1 })}`,
    disabled: "Switched off",
    sum: "The others cannot give or take as much",
  };
  return known[guardrail] ?? format.words(guardrail);
}

/** A difference of weights in percentage points. */
export function points(parts: number, signed = true): string {
  return format.fixed(parts * 100, 1, signed);
}

/** Learning's reason with its reward as people write it; another text stays as it is. */
export function reasonWords(reason: string): string {
  const found = /^reward (\d+(?:\.\d+)?) after (\d+) outcomes/.exec(reason);
  if (!found) return reason;
  return `Reward ${format.share(found[1])} after ${format.counted(Number(found[2]), "outcome")}`;
}

/** What learning waits for before a first weight can change. */
export function waitsFor(metrics: readonly Metrics[], limits: Limits | undefined): string {
  if (limits?.["learning.rule"] === "fixed") {
    return "The run's learning rule is fixed: weights stay as they are.";
  }
  const few = metrics
    .filter(({ missing }) => missing > 0)
    .map((each) => `${format.words(each.strategy)} has ${format.count(each.trades)}`);
  const needed = format.count(limits?.["learning.min_trades"] ?? metrics[0]?.needed);
  const cycle = Number(limits?.["learning.cycle_sessions"] ?? 1);
  const end = cycle === 1 ? "each session's end" : `the end of every ${cycle} sessions`;
  return (
    `Learning weighs anew at ${end}, and a change holds one cycle later. ` +
    `A strategy takes part once it has ${needed} closed trades` +
    (few.length ? `: ${few.join(", ")}.` : "; all have them.")
  );
}
