/** What a ticker's page asks for: its range in the URL, bars, news up to the run's clock. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { useRunNow } from "../../app/clock";
import { after } from "../../components/Panel";
import {
  BEFORE_NEWS,
  barsQuery,
  meQuery,
  newsQuery,
  portfolioQuery,
  tradesQuery,
} from "../../api/queries";
import { useFreshness } from "../portfolio/period";

export type Range = "1d" | "5d";
export const RANGES: readonly { value: Range; label: string }[] = [
  { value: "1d", label: "1D" },
  { value: "5d", label: "5D" },
];
export const SESSIONS: Record<Range, number> = { "1d": 1, "5d": 5 };

/** Days to ask for, so that weekends and holidays leave enough sessions, and the close before. */
const DAYS: Record<Range, number> = { "1d": 5, "5d": 9 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FRESH_MS = 15_000;
const MOST_FILLS = 200;
const MOST_NEWS = 100;

export function useTickerRange(): [Range, (range: Range) => void] {
  const [asked, ask] = useSearchParams();
  const range: Range = asked.get("range") === "5d" ? "5d" : "1d";
  const set = (to: Range) =>
    ask(
      (old) => {
        old.set("range", to);
        return old;
      },
      { replace: true },
    );
  return [range, set];
}

/** The hour before so many days, by the run's clock: the question changes once an hour. */
function useSince(days: number): string | undefined {
  const now = useRunNow();
  if (now === null) return undefined;
  return new Date(Math.floor((now - days * DAY_MS) / HOUR_MS) * HOUR_MS).toISOString();
}

export function useBars(ticker: string, range: Range) {
  const since = useSince(DAYS[range]);
  const account = useQuery(portfolioQuery());
  const refetchInterval = useFreshness(FRESH_MS);
  return useQuery({
    ...barsQuery(ticker, since, "sma,volume_sma,rsi"),
    // A played run's clock is known with the account; where that fails, the newest day will do.
    enabled: since !== undefined || account.isFetched,
    refetchInterval,
    placeholderData: (old) => (old?.ticker === ticker ? old : undefined),
  });
}

/** The ticker's fills, the newest ones; the chart and the table show the same. */
export function useFills(ticker: string) {
  return useInfiniteQuery(tradesQuery({ ticker, limit: MOST_FILLS }));
}

/** The ticker's articles; a played run knows its news before its bars, so not those to come. */
export function useNews(ticker: string) {
  const me = useQuery(meQuery()).data;
  const account = useQuery(portfolioQuery());
  const asOf = account.data ? (account.data.as_of ?? BEFORE_NEWS) : undefined;
  const until = me?.live === false ? minute(asOf) : undefined;
  const news = useInfiniteQuery({
    ...newsQuery({ ticker, limit: MOST_NEWS, ...(until ? { until } : {}) }),
    enabled: me !== undefined && (me.live || until !== undefined),
  });
  return after(news, account);
}

const MINUTE_MS = 60_000;

/** The end of a moment's minute, so that the question is not new each second. */
function minute(at: string | undefined): string | undefined {
  if (!at) return undefined;
  return new Date(Math.ceil(Date.parse(at) / MINUTE_MS) * MINUTE_MS).toISOString();
}
