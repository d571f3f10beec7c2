/** Runs and answers for the tests of this folder. */

import type { Schemas } from "../../api/client";
import type { Answers } from "../../test/render";
import type { Figures } from "./metrics";
import type { Run } from "./runs";

export const DAYS = ["2025-03-12", "2025-03-13", "2025-03-14"];

export const FIGURES: Figures = {
  interval: "1m",
  first: "2025-03-12",
  last: "2025-03-14",
  bars: 23_400,
  articles: 176,
  start_equity: "1000000.0000",
  final_equity: "1015551.4106",
  total_return: 0.0155514106,
  annual_return: 2.6556,
  volatility: 0.0363,
  sharpe: 35.826,
  sortino: null,
  calmar: null,
  max_drawdown: 0,
  max_drawdown_days: 0,
  win_rate: 0.506,
  mean_win: "405.6443",
  mean_loss: "-220.5931",
  profit_factor: 1.8849,
  exposure: 0.3016,
  turnover: 16.4168,
  signals: 2_341,
  fills: 329,
  closed_trades: 162,
  stops: 0,
  targets: 0,
  open_positions: 5,
  hold_minutes: 133.15,
  commissions: "1376.3700",
  rejects: { COOLDOWN: 102, NO_POSITION: 1_250 },
  attribution: { momentum: "1518.8714", news_driven: "-8435.0379" },
  monthly: { "2025-03": 0.0155514106, "2025-04": -0.02 },
  weights: { momentum: 0.6, news_driven: 0.4 },
  buy_and_hold: 0.008262,
};

export function finished(id = "job-1", figures: Partial<Figures> = {}): Run {
  return {
    run_id: id,
    status: "finished",
    asked: {
      first: "2025-03-12",
      last: "2025-03-14",
      capital: null,
      weights: {},
      learning: null,
      slippage_bps: null,
      commission: null,
    },
    who: "ada",
    requested_at: "2026-11-28T05:50:34Z",
    started_at: "2026-11-28T05:50:37Z",
    finished_at: "2026-11-28T05:50:40Z",
    progress: { done: 23_400, total: 23_400 },
    eta_seconds: null,
    error: "",
    stored: "bt-1",
    figures: { ...FIGURES, ...figures },
  };
}

export function running(id = "job-2"): Run {
  return {
    ...finished(id),
    status: "running",
    finished_at: null,
    progress: { done: 100, total: 400 },
    eta_seconds: 6,
    stored: null,
    figures: null,
  };
}

type Listed = Omit<Schemas["Backtests"], "backtests"> & { backtests: unknown[] };

export function answers(
  list: Listed = { backtests: [finished()], days: DAYS },
  role: "viewer" | "trader" = "trader",
): Answers {
  const strategies = ["momentum", "news_driven"].map((id) => ({ id, name: id }));
  return [
    [["me"], { name: "ada", role, live: false }],
    [["backtests"], list],
    [["strategies"], strategies],
    [["limits"], { "account.start_cash": "1000000", "fills.slippage_bps": "1" }],
  ];
}
