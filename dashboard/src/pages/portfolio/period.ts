/** The period that the page shows, in the URL, and what belongs to it. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import {
  type Period,
  controlsQuery,
  historyQuery,
  portfolioQuery,
  positionsQuery,
  systemQuery,
  tradesQuery,
} from "../../api/queries";

export type Range = Exclude<Period, "1y">;

export const RANGES: readonly { value: Range; label: string }[] = [
  { value: "1d", label: "1D" },
  { value: "1w", label: "1W" },
  { value: "1m", label: "1M" },
  { value: "3m", label: "3M" },
  { value: "all", label: "All" },
];

/** The range of the URL; what is none is a day. */
export function useRange(): [Range, (range: Range) => void] {
  const [asked, ask] = useSearchParams();
  const found = RANGES.find(({ value }) => value === asked.get("range"))?.value ?? "1d";
  const set = (range: Range) =>
    ask(
      (old) => {
        old.set("range", range);
        return old;
      },
      { replace: true },
    );
  return [found, set];
}

export const MOST_FILLS = 500;
const HOUR_MS = 3_600_000;

/** Fills since the period's first snapshot, the newest of them; the hour keeps the key calm. */
export function usePeriodTrades(range: Range) {
  const first = useQuery(historyQuery(range)).data?.points[0]?.at;
  const since = first
    ? new Date(Math.floor(Date.parse(first) / HOUR_MS) * HOUR_MS).toISOString()
    : undefined;
  return useInfiniteQuery({
    ...tradesQuery({ since, limit: MOST_FILLS }),
    enabled: since !== undefined,
  });
}

const FRESH_MS = 5_000;

/** How often what hangs on prices is asked anew: while the market is open, for prices tell nothing. */
export function useFreshness(every = FRESH_MS): number | false {
  const session = useQuery(controlsQuery()).data?.session;
  const ended = useQuery(systemQuery()).data?.ended ?? false;
  return session === "open" && !ended ? every : false;
}

/** The account and what it holds, kept fresh. */
export function useAccount() {
  const refetchInterval = useFreshness();
  return {
    account: useQuery({ ...portfolioQuery(), refetchInterval }),
    positions: useQuery({ ...positionsQuery(), refetchInterval }),
  };
}
