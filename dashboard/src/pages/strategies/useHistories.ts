/** The weight histories of all strategies, as one thing that is asked for. */

import { type UseQueryResult, useQueries } from "@tanstack/react-query";

import { strategyMetricsQuery, weightHistoryQuery } from "../../api/queries";
import type { Asked } from "../../components/Panel";
import type { Histories, Metrics, Strategy } from "./weights";

/** Many queries as one: whole when all are, wrong when one is. */
function together<T, R>(
  results: UseQueryResult<T>[],
  whole: (all: T[]) => R,
): Asked<R> & { parts: UseQueryResult<T>[] } {
  const all = results.map(({ data }) => data);
  const complete = all.every((each) => each !== undefined);
  return {
    data: complete ? whole(all as T[]) : undefined,
    error: results.find(({ error }) => error)?.error ?? null,
    isPending: results.some(({ isPending }) => isPending),
    isFetching: results.some(({ isFetching }) => isFetching),
    dataUpdatedAt: Math.min(...results.map(({ dataUpdatedAt }) => dataUpdatedAt)),
    refetch: () => results.forEach(({ refetch }) => void refetch()),
    parts: results,
  };
}

/** @param strategies undefined while they are not known: nothing is asked then. */
export function useHistories(strategies: readonly Strategy[] | undefined): Asked<Histories> {
  const ids = (strategies ?? []).map(({ id }) => id);
  return useQueries({
    queries: ids.map((id) => weightHistoryQuery(id)),
    combine: (results) => ({
      ...together(results, (all) => Object.fromEntries(ids.map((id, n) => [id, all[n] ?? []]))),
      ...(strategies ? {} : { data: undefined, isPending: true }),
    }),
  });
}

/** The figures of those strategies whose figures are there. */
export function useMetrics(strategies: readonly Strategy[] | undefined): Metrics[] {
  const found = useQueries({
    queries: (strategies ?? []).map(({ id }) => strategyMetricsQuery(id)),
  });
  return found.flatMap(({ data }) => (data ? [data] : []));
}
