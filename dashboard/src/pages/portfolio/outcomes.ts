/** What became of a signal: its decision, alone or folded with others alike, in a few words. */

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";

type Decision = Schemas["Folded"];
type Signal = Schemas["SignalRow"];

/** Denials by their code, short enough for a row. */
const DENIALS: Record<string, string> = {
  MARKET_CLOSED: "Market closed",
  TRADING_STATE: "Trading was stopped",
  STALE_PRICE: "Price too old",
  STALE_SENTIMENT: "News too old",
  ALREADY_HELD: "Already held",
  COOLDOWN: "Cooling down",
  MAX_POSITIONS: "Enough positions",
  BELOW_ONE_SHARE: "Below one share",
  MAX_POSITION_PCT: "Position too large",
  MAX_FEES: "Fees too high",
  MAX_EXPOSURE: "Exposure at its limit",
  BUYING_POWER: "Too little cash",
  MAX_PARTICIPATION: "Too much of the volume",
  NO_POSITION: "No position",
};

export const denial = (code: string): string => DENIALS[code] ?? format.words(code);

/** "Bought 141", "Order accepted", "Already held". */
export function became({ accepted, code, side, done }: Decision): string {
  if (!accepted) return denial(code);
  if (!done) return "Order sent";
  const verb = side === "BUY" ? "Bought" : "Sold";
  if (done.filled > 0) return `${verb} ${format.count(done.filled)}`;
  return `Order ${done.status.toLowerCase().replaceAll("_", " ")}`;
}

/** The decision that a signal led to: its own, or the fold that it stands in. */
export function decisionOf(
  { id, at, ticker, direction }: Signal,
  decisions: readonly Decision[],
): Decision | null {
  const own = decisions.find(({ signal_id }) => signal_id === id);
  if (own) return own;
  const side = direction === "LONG" ? "BUY" : "SELL";
  const stamp = Date.parse(at);
  const fold = decisions.find(
    (each) =>
      each.count > 1 &&
      each.ticker === ticker &&
      each.side === side &&
      Date.parse(each.first_at) <= stamp &&
      stamp <= Date.parse(each.at),
  );
  return fold ?? null;
}

export interface Told {
  signal: Signal;
  decision: Decision | null;
}

/** Signals (newest first) with their decisions; those of one fold stand as its newest, once. */
export function told(signals: readonly Signal[], decisions: readonly Decision[]): Told[] {
  const seen = new Set<string>();
  const rows: Told[] = [];
  for (const signal of signals) {
    const decision = decisionOf(signal, decisions);
    if (decision && seen.has(decision.id)) continue;
    if (decision) seen.add(decision.id);
    rows.push({ signal, decision });
  }
  return rows;
}
