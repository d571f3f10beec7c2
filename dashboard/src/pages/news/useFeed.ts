/**
 * The feed: what is read stays where it is, what is new waits.
 *
 * Two lists are asked for. `overview` has the newest articles of all kinds, up to the run's now; the
 * columns beside the feed and the number of new ones come of it. The feed itself asks with the
 * filters. In a run that is played its end is fixed when it is first shown, and moves when somebody
 * asks for what is new; in a live run, what came since is held back here.
 */

import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { Schemas } from "../../api/client";
import { after } from "../../components/Panel";
import { BEFORE_NEWS, meQuery, newsQuery, portfolioQuery } from "../../api/queries";
import { type Article, published } from "./figures";
import { type Filters, askedOf, matches } from "./filters";

const LOOK_EVERY_MS = 5_000; // a played day's news moves no faster than this
const COUNTS_EVERY_MS = 15_000; // of the signals and orders that articles led to
const PAGE = 50;
const MOST = 500;

export type Pages = InfiniteData<Schemas["News"]>;

export const articlesOf = (data: Pages | undefined): Article[] =>
  (data?.pages ?? []).flatMap(({ articles }) => articles);

/** A value that changes at most every so often; the first comes at once. */
function useEvery<T>(value: T | undefined, everyMs: number): T | undefined {
  const [shown, show] = useState(value);
  const newest = useRef(value);
  useEffect(() => {
    newest.current = value;
  }, [value]);
  useEffect(() => {
    const timer = setInterval(() => show(newest.current), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  if (shown === undefined && value !== undefined) show(value);
  return shown;
}

/** Until when news may be shown; `known` is false while that is not known yet. */
function useUntil(): { known: boolean; live: boolean; until: string | undefined } {
  const me = useQuery(meQuery()).data;
  const account = useQuery(portfolioQuery()).data;
  const asOf = account ? (account.as_of ?? BEFORE_NEWS) : undefined;
  const until = useEvery(asOf, LOOK_EVERY_MS);
  if (!me) return { known: false, live: true, until: undefined };
  if (me.live) return { known: true, live: true, until: undefined };
  return { known: until !== undefined, live: false, until };
}

export interface Held {
  key: string;
  ids: ReadonlySet<string>;
}

/** What of a list is shown: what was there, and what further pages brought below it. */
export function shownOf(articles: readonly Article[], held: Held): Article[] {
  const last = articles.findLastIndex(({ id }) => held.ids.has(id));
  return articles.filter(({ id }, index) => held.ids.has(id) || index > last);
}

/** What is new: in the overview, not shown, and not further down than what is shown. */
export function waitingOf(
  overview: readonly Article[],
  shown: readonly Article[],
  filters: Filters,
  more: boolean,
): Article[] {
  const ids = new Set(shown.map(({ id }) => id));
  const last = shown.at(-1);
  const down = more && last ? published(last) : -Infinity;
  return overview.filter(
    (each) => !ids.has(each.id) && published(each) >= down && matches(filters, each),
  );
}

export function useFeed(filters: Filters) {
  const { known, live, until } = useUntil();
  const [anchor, setAnchor] = useState<string | undefined>();
  const [turn, setTurn] = useState(0);
  const [held, hold] = useState<Held | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const fixed = live ? undefined : (anchor ?? until);
  if (!live && anchor === undefined && until !== undefined) setAnchor(until);

  const account = useQuery(portfolioQuery());
  const overview = useInfiniteQuery({
    ...newsQuery({ until, limit: MOST }),
    enabled: known,
    gcTime: 2 * LOOK_EVERY_MS, // each moment of a played day is a list of its own
  });
  const feed = useInfiniteQuery({
    ...newsQuery({ ...askedOf(filters), until: fixed, limit: PAGE }),
    enabled: known,
    refetchInterval: COUNTS_EVERY_MS,
  });

  const articles = articlesOf(feed.data);
  const settled = feed.data !== undefined && !feed.isPlaceholderData;
  const key = JSON.stringify([filters, fixed, turn]);
  if (settled && held?.key !== key) {
    hold({ key, ids: new Set(articles.map(({ id }) => id)) });
  }
  const shown = settled && held?.key === key ? shownOf(articles, held) : articles;
  const waiting = settled
    ? waitingOf(articlesOf(overview.data), shown, filters, feed.hasNextPage)
    : [];

  const showNew = () => {
    setFresh(new Set(waiting.map(({ id }) => id)));
    setAnchor(until);
    setTurn(turn + 1);
    if (live) void feed.refetch();
    document.documentElement.scrollTop = 0; // to where they come
  };
  // Nobody reads an empty list: what is new need not wait.
  if (settled && shown.length === 0 && waiting.length > 0 && fixed !== until) setAnchor(until);

  return {
    overview: after(overview, account),
    feed: after(feed, account),
    shown,
    waiting,
    fresh,
    showNew,
    begun: known || live,
  };
}

export type Feed = ReturnType<typeof useFeed>;
