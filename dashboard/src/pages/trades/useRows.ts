/** The list that the filters ask for, as rows, a page at a time. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { Schemas } from "../../api/client";
import { decisionsQuery, tradesQuery } from "../../api/queries";
import { type Filters, decisionsAsked, tradesAsked } from "./filters";
import { type Row, rowOfDecision, rowOfTrade } from "./rows";

const BESIDE_MOST = 500;
const ORDER_LASTS_MS = 24 * 3_600_000;

/** Rows of decisions, or of fills where only those are asked for. */
export function useRows(filters: Filters) {
  const fills = filters.show === "filled";
  const decisions = useInfiniteQuery({
    ...decisionsQuery(decisionsAsked(filters)),
    enabled: !fills,
  });
  const trades = useInfiniteQuery({ ...tradesQuery(tradesAsked(filters)), enabled: fills });
  const sold = useMemo(
    () => (fills ? (trades.data?.pages.flatMap((page) => page.trades) ?? []) : []),
    [fills, trades.data],
  );
  const beside = useBeside(filters, sold);
  const rows = useMemo(() => {
    if (fills) return sold.map((trade) => rowOfTrade(trade, beside.get(trade.order_id)));
    return decisions.data?.pages.flatMap((page) => page.decisions.map(rowOfDecision)) ?? [];
  }, [fills, sold, beside, decisions.data]);
  return { rows, query: fills ? trades : decisions };
}

/** The decisions that fills came of, by order: a fill's row has no strength, return or time held. */
function useBeside(filters: Filters, trades: Schemas["Trade"][]) {
  const [newest, oldest] = [trades[0], trades.at(-1)];
  const asked = {
    ...decisionsAsked({ ...filters, show: "all" }),
    accepted: true,
    fold: false,
    limit: BESIDE_MOST,
    ...(oldest && newest
      ? { since: moved(oldest.at, -ORDER_LASTS_MS), until: moved(newest.at, 1_000) }
      : {}),
  };
  const { data } = useInfiniteQuery({ ...decisionsQuery(asked), enabled: trades.length > 0 });
  return useMemo(() => {
    const found = new Map<string, Schemas["Folded"]>();
    for (const page of data?.pages ?? []) {
      for (const each of page.decisions) if (each.done) found.set(each.done.order, each);
    }
    return found;
  }, [data]);
}

const moved = (at: string, by: number) => new Date(Date.parse(at) + by).toISOString();

interface Kept {
  of: string;
  rows: readonly Row[];
}

/**
 * Rows that stand still while one of them is open: what comes meanwhile waits and is counted.
 *
 * @param of names the list; another list starts anew.
 */
export function useSteady(rows: readonly Row[], of: string, hold: boolean) {
  const [kept, keep] = useState<Kept | null>(null);
  if (hold && rows.length > 0 && kept?.of !== of) keep({ of, rows });
  if (!hold && kept) keep(null);
  return useMemo(() => {
    const letIn = () => keep({ of, rows });
    if (!hold || kept?.of !== of) return { shown: rows, waiting: 0, letIn };
    const now = new Map(rows.map((row) => [row.id, row]));
    const known = new Set(kept.rows.map(({ id }) => id));
    const [first, last] = [kept.rows[0]?.at ?? "", kept.rows.at(-1)?.at ?? ""];
    const unknown = rows.filter(({ id }) => !known.has(id));
    const shown = [
      ...kept.rows.map((row) => now.get(row.id) ?? row),
      ...unknown.filter(({ at }) => at < last),
    ];
    return { shown, waiting: unknown.filter(({ at }) => at >= first).length, letIn };
  }, [rows, of, hold, kept]);
}

/** The ids that were there when a list was first shown: others are new, and flash. */
export function useFirst(rows: readonly Row[], of: string): (row: Row) => boolean {
  const [first, see] = useState<{ of: string; ids: Set<string>; newest: string } | null>(null);
  if (rows.length > 0 && first?.of !== of) {
    see({ of, ids: new Set(rows.map(({ id }) => id)), newest: rows[0]?.at ?? "" });
  }
  return (row) => first?.of === of && !first.ids.has(row.id) && row.at >= first.newest;
}
