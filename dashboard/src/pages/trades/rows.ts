/** Rows of the table: a decision, alone or folded, or a fill with what is known beside it. */

import type { Schemas } from "../../api/client";

type Folded = Schemas["Folded"];
type Trade = Schemas["Trade"];

export interface Row {
  /** Of the row itself; what it opens. */
  id: string;
  /** All ids that mean this row in an address. */
  ids: readonly string[];
  at: string;
  firstAt: string;
  count: number;
  ticker: string;
  side: "BUY" | "SELL";
  cause: string;
  qty: number | null;
  price: string | null;
  slippageBp: number | null;
  strategy: string | null;
  strength: number | null;
  /** How the order stands; empty where it was denied. */
  status: string;
  /** What denied it; empty where nothing did. */
  code: string;
  limit: string;
  actual: string;
  pnl: string | null;
  roi: number | null;
  held: number | null;
}

const BP = 10_000;

export function rowOfDecision(of: Folded): Row {
  const { id, at, ticker, side, cause, strategy, strength, count, done } = of;
  return {
    id,
    ids: done?.trade ? [id, done.trade] : [id],
    at,
    firstAt: of.first_at,
    count,
    ticker,
    side,
    cause,
    qty: done ? done.filled || done.qty : null,
    price: done?.price ?? null,
    slippageBp: done?.slippage_bps ?? null,
    strategy,
    strength,
    status: of.accepted ? (done?.status ?? "PENDING") : "",
    code: of.accepted ? "" : of.code,
    limit: of.limit,
    actual: of.actual,
    pnl: done?.pnl ?? null,
    roi: done?.roi ?? null,
    held: done?.hold_seconds ?? null,
  };
}

/** A fill; `beside` is the decision that its order came of, where that is known. */
export function rowOfTrade(of: Trade, beside?: Folded): Row {
  const whole = beside?.done?.trade === of.id && beside.done.filled === of.qty;
  return {
    id: of.id,
    ids: beside ? [of.id, beside.id] : [of.id],
    at: of.at,
    firstAt: of.at,
    count: 1,
    ticker: of.ticker,
    side: of.side,
    cause: beside?.cause ?? "signal",
    qty: of.qty,
    price: of.price,
    slippageBp: slippageBp(of),
    strategy: of.strategy,
    strength: beside?.strength ?? null,
    status: of.status,
    code: "",
    limit: "",
    actual: "",
    pnl: of.pnl,
    roi: whole ? (beside.done?.roi ?? null) : null,
    held: whole ? (beside.done?.hold_seconds ?? null) : null,
  };
}

/** How much worse a fill was than the price it was decided at, in basis points. */
export function slippageBp(of: Pick<Trade, "slippage" | "decision_price" | "qty">): number | null {
  const worth = Number(of.decision_price ?? 0) * of.qty;
  return of.slippage === null || !worth ? null : (Number(of.slippage) / worth) * BP;
}
