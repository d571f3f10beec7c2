/** Signals behind which an article is: their order, and how their decisions are found. */

import { queryOptions } from "@tanstack/react-query";

import { type Schemas, api, dataOf } from "../../api/client";
import { millis } from "../../format/format";

type Reaction = Schemas["Reaction"];

const MINUTE_MS = 60_000;
const MOST = 500;

/** Those that came to orders first, then those that used it, then the newest. */
export function inTurn(reactions: readonly Reaction[]): Reaction[] {
  return [...reactions].sort(
    (one, other) =>
      Number(other.orders.length > 0) - Number(one.orders.length > 0) ||
      Number(other.used) - Number(one.used) ||
      (millis(other.at) ?? 0) - (millis(one.at) ?? 0),
  );
}

export interface Span {
  ticker: string;
  since: string;
  until: string;
}

/** For each ticker with orders: from its first such signal until shortly after the last. */
export function spansOf(reactions: readonly Reaction[]): Span[] {
  const times = new Map<string, number[]>();
  for (const { ticker, at, orders } of reactions) {
    if (orders.length) times.set(ticker, [...(times.get(ticker) ?? []), millis(at) ?? 0]);
  }
  return [...times].map(([ticker, all]) => ({
    ticker,
    since: new Date(Math.min(...all)).toISOString(),
    until: new Date(Math.max(...all) + MINUTE_MS).toISOString(),
  }));
}

/** Decisions that were carried out, by their signals: signal -> decision. */
export const decisionsOfQuery = ({ ticker, since, until }: Span) =>
  queryOptions({
    queryKey: ["decisions", "of news", ticker, since, until],
    queryFn: async () => {
      const query = { ticker, since, until, accepted: true, limit: MOST };
      const { decisions } = await dataOf(api.GET("/api/decisions", { params: { query } }));
      return decisions.map(({ id, signal_id: signal }) => ({ id, signal }));
    },
  });
