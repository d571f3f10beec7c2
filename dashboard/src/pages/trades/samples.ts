/** Records of a run, for the tests of this page. */

import type { Schemas } from "../../api/client";

type Lineage = Schemas["Lineage"];
type Folded = Schemas["Folded"];
type Check = Schemas["CheckAnswer"];

const plain: Omit<Schemas["Decided"], "checks"> = {
  id: "dec-1",
  at: "2025-03-12T15:17:00Z",
  account: "paper",
  ticker: "AAPL",
  side: "BUY",
  accepted: true,
  cause: "signal",
  signal_id: "sig-1",
  command_id: "",
  code: "ACCEPTED",
  limit: "",
  actual: "",
};

export const decided = (changes: Partial<Folded> = {}): Folded => ({
  ...plain,
  strategy: "news_driven",
  strength: 0.329,
  done: {
    order: "ord-1",
    status: "FILLED",
    trade: "exe-1",
    qty: 1094,
    filled: 1094,
    price: "45.8146",
    slippage_bps: 1.004,
    pnl: null,
    roi: null,
    hold_seconds: null,
  },
  count: 1,
  first_at: "2025-03-12T15:17:00Z",
  ...changes,
});

export const denied = (changes: Partial<Folded> = {}): Folded =>
  decided({
    id: "dec-2",
    at: "2025-03-12T15:10:00Z",
    first_at: "2025-03-12T15:02:00Z",
    accepted: false,
    code: "COOLDOWN",
    limit: "30 min",
    actual: "27.4 min",
    done: null,
    count: 6,
    ...changes,
  });

const check = (code: string, changes: Partial<Check> = {}): Check => ({
  code,
  comparison: "<=",
  limit: "100",
  measured: "50",
  unit: "shares",
  passed: true,
  denied: false,
  ...changes,
});

export const bought: Lineage = {
  decision: { ...plain, checks: [check("MAX_PARTICIPATION"), check("MAX_POSITIONS")] },
  signal: {
    id: "sig-1",
    at: "2025-03-12T15:17:00Z",
    ticker: "AAPL",
    direction: "LONG",
    strength: 0.329,
    strategy: "news_driven",
    votes: [
      { strategy: "news_driven", vote: "LONG", strength: 0.816, weight: 0.333333 },
      { strategy: "mean_reversion", vote: "SHORT", strength: 0.158, weight: 0.333333 },
    ],
    sentiment_score: 0.875,
    sentiment_count: 1,
    sentiment_articles: ["art-1"],
    bar: "",
  },
  headlines: [
    {
      id: "art-1",
      revision: 0,
      source: "simulated exchange",
      url: "https://news.example/12",
      title: "AAPL soars after record quarterly profit",
      published_at: "2025-03-12T15:02:24Z",
      sentiment_score: 0.875,
      confidence: 0.932,
      model_used: "instant/fb985e8feb40/-",
      about: "named",
      used: true,
    },
  ],
  order: {
    id: "ord-1",
    at: "2025-03-12T15:17:00Z",
    ticker: "AAPL",
    side: "BUY",
    qty: 1094,
    type: "MARKET",
    time_in_force: "DAY",
    limit_price: null,
    valid_until: "2025-03-12T15:18:00Z",
    reduces: false,
    stop_price: null,
    target_price: null,
    leg_of: "",
    leg: "",
    status: "FILLED",
  },
  told: [],
  trades: [
    {
      id: "exe-1",
      at: "2025-03-12T15:17:00Z",
      account: "paper",
      trade_id: "trd-1",
      order_id: "ord-1",
      signal_id: "sig-1",
      strategy: "news_driven",
      ticker: "AAPL",
      side: "BUY",
      qty: 1094,
      price: "45.8146",
      decision_price: "45.8100",
      slippage: "5.0324",
      commission: "10.9400",
      pnl: null,
      status: "FILLED",
    },
  ],
  outcomes: [],
  adjustments: [],
  entry_order: null,
  entry_trades: [],
};

/** A denial by its cooldown, and by its size too. */
export const refused: Lineage = {
  ...bought,
  decision: {
    ...plain,
    id: "dec-2",
    accepted: false,
    code: "COOLDOWN",
    limit: "30 min",
    actual: "27.4 min",
    checks: [
      check("MARKET_CLOSED", { comparison: "=", limit: "open", measured: "open", unit: "session" }),
      check("COOLDOWN", {
        comparison: ">=",
        limit: "1800",
        measured: "1644",
        unit: "seconds",
        passed: false,
        denied: true,
      }),
      check("MAX_PARTICIPATION", { limit: "944", measured: "1106", passed: false }),
    ],
  },
  order: null,
  trades: [],
};

/** A sale with its outcome. */
export const sold: Lineage = {
  ...bought,
  order: bought.order && { ...bought.order, side: "SELL", reduces: true },
  outcomes: [
    {
      id: "out-1",
      at: "2025-03-12T16:50:00Z",
      revision: 0,
      qty: 1094,
      entry_order_id: "ord-0",
      strategy: "news_driven",
      credits: [{ strategy: "news_driven", share: 1, pnl: "963.4900" }],
      entry_slippage: "5.0000",
      exit_slippage: "5.1000",
      realized_pnl: "963.4900",
      roi: 0.0192,
      hold_seconds: 5580,
      risk_adjusted_return: 0.64,
      trade_sharpe: 1,
      favourable: 0.021,
      adverse: 0.004,
      slippage: "10.1000",
    },
  ],
};

const strategy = (id: string): Schemas["Strategy"] => ({
  id,
  name: id,
  description: "",
  weight: 0.333333,
  coming_weight: null,
  coming_from: null,
  active: true,
  since: null,
  who: "",
  why: "",
});

const metrics = (id: string, trades: number): Schemas["StrategyMetrics"] => ({
  strategy: id,
  at: "2025-03-12T16:00:00Z",
  trades,
  needed: 20,
  missing: Math.max(0, 20 - trades),
  wins: 1,
  realized_pnl: "1.0000",
  mean_roi: 0,
  sharpe: null,
  sharpe_reason: "",
  max_drawdown: null,
  mean_hold_seconds: 1,
  weight: 0.333333,
  votes: 1,
  hits: 1,
});

/** What every test of the page is answered. */
export const ANSWERS = [
  [["strategies"], [strategy("news_driven"), strategy("mean_reversion"), strategy("momentum")]],
  [["strategy", "news_driven", "metrics"], metrics("news_driven", 3)],
  [["strategy", "mean_reversion", "metrics"], metrics("mean_reversion", 30)],
  [["strategy", "momentum", "metrics"], metrics("momentum", 30)],
  [["limits"], { "learning.cycle_sessions": "1", "learning.rule": "ewma" }],
  [["positions"], []],
  [["me"], { name: "ada", role: "trader", run: "r", live: false }],
  [["portfolio"], { as_of: "2025-03-12T19:15:00Z" }],
  [["lineage", "following", "dec-1"], { decisions: [], cursor: null }],
  [["lineage", "following", "dec-2"], { decisions: [], cursor: null }],
] as const;
