/** Every figure of a backtest: its formula, its unit, which way is better, why it may be undefined. */

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";

export type Figures = Schemas["BacktestFigures"];

export interface Metric {
  name: string;
  unit?: string;
  formula: string;
  /** The value as it is compared; null: undefined. */
  of: (figures: Figures) => number | null;
  shown: (value: number) => string;
  /** Which of two is better, if one is. */
  better?: "more" | "less";
  /** Why it is undefined, where it is. */
  why?: string;
}

const number = (text: string | null) => (text === null ? null : Number(text));
const percent = (value: number) => format.percent(value, { unit: false });
const signed = (value: number) => format.percent(value, { unit: false, signed: true });
const ratio = (value: number) => format.fixed(value, 2);

/** In groups: what was earned and at what risk; how it traded. */
export const METRICS: readonly (readonly Metric[])[] = [
  [
    {
      name: "Total return",
      unit: "%",
      formula: "Final equity over equity at the start, less 1",
      of: (figures) => figures.total_return,
      shown: signed,
      better: "more",
    },
    {
      name: "Buy and hold",
      unit: "%",
      formula: "Mean return of every ticker, bought at its first close and kept, without costs",
      of: (figures) => figures.buy_and_hold,
      shown: signed,
      why: "no ticker had a price",
    },
    {
      name: "Annual return",
      unit: "%",
      formula: "(1 + total return) to the power of 252 over sessions, less 1",
      of: (figures) => figures.annual_return,
      shown: signed,
      better: "more",
      why: "no capital was left, or the power is beyond any number",
    },
    {
      name: "Volatility",
      unit: "%",
      formula: "Standard deviation of the sessions' returns (n − 1) times the root of 252",
      of: (figures) => figures.volatility,
      shown: percent,
      better: "less",
      why: "needs 2 sessions",
    },
    {
      name: "Sharpe",
      formula: "Mean of the sessions' returns over their standard deviation, times the root of 252",
      of: (figures) => figures.sharpe,
      shown: ratio,
      better: "more",
      why: "needs 2 sessions that differ",
    },
    {
      name: "Sortino",
      formula:
        "Mean of the sessions' returns over the root mean square of losses, times the root of 252",
      of: (figures) => figures.sortino,
      shown: ratio,
      better: "more",
      why: "no session lost",
    },
    {
      name: "Calmar",
      formula: "Annual return over the depth of the deepest drawdown",
      of: (figures) => figures.calmar,
      shown: ratio,
      better: "more",
      why: "no drawdown, or no annual return",
    },
    {
      name: "Max drawdown",
      unit: "%",
      formula: "Deepest fall of the equity at session ends below its highest before",
      of: (figures) => figures.max_drawdown,
      shown: percent,
      better: "more",
    },
    {
      name: "Longest drawdown",
      unit: "days",
      formula: "Most sessions in a row below an earlier high",
      of: (figures) => figures.max_drawdown_days,
      shown: format.count,
      better: "less",
    },
    {
      name: "Exposure",
      unit: "%",
      formula: "Mean share of equity in positions, by the snapshots",
      of: (figures) => figures.exposure,
      shown: percent,
    },
    {
      name: "Turnover",
      unit: "×",
      formula: "Traded value over mean equity",
      of: (figures) => figures.turnover,
      shown: ratio,
    },
  ],
  [
    {
      name: "Closed trades",
      formula: "Round trips that ended",
      of: (figures) => figures.closed_trades,
      shown: format.count,
    },
    {
      name: "Win rate",
      unit: "%",
      formula: "Closed trades that gained over those that gained or lost",
      of: (figures) => figures.win_rate,
      shown: percent,
      better: "more",
      why: "no closed trade gained or lost",
    },
    {
      name: "Mean win",
      unit: "$",
      formula: "Mean profit of the closed trades that gained, after fees",
      of: (figures) => number(figures.mean_win),
      shown: (value) => format.gain(value),
      better: "more",
      why: "no closed trade gained",
    },
    {
      name: "Mean loss",
      unit: "$",
      formula: "Mean profit of the closed trades that lost, after fees",
      of: (figures) => number(figures.mean_loss),
      shown: (value) => format.gain(value),
      better: "more",
      why: "no closed trade lost",
    },
    {
      name: "Profit factor",
      formula: "All gains over all losses of closed trades",
      of: (figures) => figures.profit_factor,
      shown: ratio,
      better: "more",
      why: "no closed trade lost",
    },
    {
      name: "Mean hold",
      unit: "min",
      formula: "Mean time between a closed trade's first and last fill",
      of: (figures) => figures.hold_minutes,
      shown: (value) => format.fixed(value, 1),
      why: "no closed trade",
    },
    {
      name: "Stopped out",
      formula: "Trades that ended by their stop",
      of: (figures) => figures.stops,
      shown: format.count,
    },
    {
      name: "Took profit",
      formula: "Trades that ended at their take-profit",
      of: (figures) => figures.targets,
      shown: format.count,
    },
    {
      name: "Open at the end",
      formula: "Positions still held after the last session; counted at the last price",
      of: (figures) => figures.open_positions,
      shown: format.count,
    },
    {
      name: "Commissions",
      unit: "$",
      formula: "All commissions and fees that were paid",
      of: (figures) => number(figures.commissions),
      shown: (value) => format.money(value),
      better: "less",
    },
    {
      name: "Signals",
      formula: "Signals the strategies gave",
      of: (figures) => figures.signals,
      shown: format.count,
    },
    {
      name: "Fills",
      formula: "Orders that were filled, in or out",
      of: (figures) => figures.fills,
      shown: format.count,
    },
  ],
];

/** Which of two is better as they are shown: 0 the first, 1 the second; null: neither. */
export function betterOf(metric: Metric, one: Figures, other: Figures): 0 | 1 | null {
  const values = [metric.of(one), metric.of(other)] as const;
  if (!metric.better || values[0] === null || values[1] === null) return null;
  if (metric.shown(values[0]) === metric.shown(values[1])) return null;
  const first = metric.better === "more" ? values[0] > values[1] : values[0] < values[1];
  return first ? 0 : 1;
}
