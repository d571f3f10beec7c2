/** What may be asked of the API: each with its key in the query cache. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { type Schemas, api, dataOf } from "./client";
import type { operations } from "./schema";

type QueryOf<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;
export type Period = NonNullable<QueryOf<"portfolio_history">["period"]>;
export type TradesAsked = Omit<QueryOf<"trades">, "cursor" | "format">;
export type DecisionsAsked = Omit<QueryOf<"decisions">, "cursor">;
export type SignalsAsked = Omit<QueryOf<"signals">, "cursor">;
export type NewsAsked = Omit<QueryOf<"news">, "cursor">;

const SYSTEM_EVERY_MS = 10_000;
const JOB_EVERY_MS = 2_000;

export const meQuery = () =>
  queryOptions({
    queryKey: ["me"],
    queryFn: () => dataOf(api.GET("/auth/me")),
    staleTime: Infinity,
  });

export const portfolioQuery = () =>
  queryOptions({ queryKey: ["portfolio"], queryFn: () => dataOf(api.GET("/api/portfolio")) });

export const positionsQuery = () =>
  queryOptions({
    queryKey: ["positions"],
    queryFn: async () => (await dataOf(api.GET("/api/portfolio/positions"))).positions,
  });

export const historyQuery = (period: Period) =>
  queryOptions({
    queryKey: ["history", period],
    queryFn: () => dataOf(api.GET("/api/portfolio/history", { params: { query: { period } } })),
    placeholderData: keepPreviousData,
  });

export const metricsQuery = (period: Period) =>
  queryOptions({
    queryKey: ["metrics", period],
    queryFn: () => dataOf(api.GET("/api/portfolio/metrics", { params: { query: { period } } })),
    placeholderData: keepPreviousData,
  });

export const controlsQuery = () =>
  queryOptions({
    queryKey: ["controls"],
    queryFn: () => dataOf(api.GET("/api/controls/status")),
  });

export const brokerQuery = () =>
  queryOptions({ queryKey: ["broker"], queryFn: () => dataOf(api.GET("/api/broker")) });

export const limitsQuery = () =>
  queryOptions({
    queryKey: ["limits"],
    queryFn: async () => {
      const { limits } = await dataOf(api.GET("/api/limits"));
      return Object.fromEntries(limits.map(({ name, value }) => [name, value]));
    },
    staleTime: Infinity,
  });

/** Pages of fills, newest first. */
export const tradesQuery = (asked: TradesAsked) =>
  infiniteQueryOptions({
    queryKey: ["trades", asked],
    queryFn: async ({ pageParam }) => {
      const params = { query: { ...asked, cursor: pageParam } };
      return (await dataOf(api.GET("/api/trades", { params }))) as Schemas["Trades"]; // not CSV
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** Pages of decisions, newest first. */
export const decisionsQuery = (asked: DecisionsAsked) =>
  infiniteQueryOptions({
    queryKey: ["decisions", asked],
    queryFn: ({ pageParam }) =>
      dataOf(api.GET("/api/decisions", { params: { query: { ...asked, cursor: pageParam } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const signalsQuery = (asked: SignalsAsked) =>
  queryOptions({
    queryKey: ["signals", asked],
    queryFn: async () => {
      const params = { query: asked };
      return (await dataOf(api.GET("/api/signals", { params }))).signals;
    },
  });

export const decisionQuery = (id: string) =>
  queryOptions({
    queryKey: ["lineage", "decision", id],
    queryFn: () => dataOf(api.GET("/api/decisions/{id}", { params: { path: { id } } })),
  });

export const tradeQuery = (id: string) =>
  queryOptions({
    queryKey: ["lineage", "trade", id],
    queryFn: () => dataOf(api.GET("/api/trades/{id}", { params: { path: { id } } })),
  });

export const strategiesQuery = () =>
  queryOptions({
    queryKey: ["strategies"],
    queryFn: async () => (await dataOf(api.GET("/api/strategies"))).strategies,
  });

export const strategyMetricsQuery = (id: string) =>
  queryOptions({
    queryKey: ["strategy", id, "metrics"],
    queryFn: () => dataOf(api.GET("/api/strategies/{id}/metrics", { params: { path: { id } } })),
  });

export const weightHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: ["strategy", id, "history"],
    queryFn: async () => {
      const params = { path: { id }, query: { limit: 500 } };
      return (await dataOf(api.GET("/api/strategies/{id}/history", { params }))).changes;
    },
  });

/** Where the news of a played run end that has no figure yet: it knows of none. */
export const BEFORE_NEWS = "1970-01-02T00:00:00Z";

/** Pages of articles, newest first. */
export const newsQuery = (asked: NewsAsked) =>
  infiniteQueryOptions({
    queryKey: ["news", asked],
    queryFn: ({ pageParam }) =>
      dataOf(api.GET("/api/news", { params: { query: { ...asked, cursor: pageParam } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const articleQuery = (id: string) =>
  queryOptions({
    queryKey: ["article", id],
    queryFn: () => dataOf(api.GET("/api/news/{id}", { params: { path: { id } } })),
  });

export const sentimentQuery = (ticker: string) =>
  queryOptions({
    queryKey: ["sentiment", ticker],
    queryFn: async () => {
      const params = { path: { ticker }, query: { limit: 500 } };
      return (await dataOf(api.GET("/api/sentiment/{ticker}", { params }))).windows;
    },
  });

export const barsQuery = (ticker: string, since?: string, indicators?: string) =>
  queryOptions({
    queryKey: ["bars", ticker, since ?? "", indicators ?? ""],
    queryFn: () =>
      dataOf(api.GET("/api/bars", { params: { query: { ticker, since, indicators } } })),
  });

export const systemQuery = () =>
  queryOptions({
    queryKey: ["system"],
    queryFn: () => dataOf(api.GET("/api/system")),
    refetchInterval: SYSTEM_EVERY_MS,
  });

export const deadLettersQuery = () =>
  infiniteQueryOptions({
    queryKey: ["dead-letters"],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET("/api/system/dead-letters", {
          params: { query: { cursor: pageParam, limit: 50 } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
  });

const unfinished = (status: string | undefined) => status === "queued" || status === "running";

export const backtestsQuery = () =>
  queryOptions({
    queryKey: ["backtests"],
    queryFn: () => dataOf(api.GET("/api/backtest", { params: { query: { limit: 50 } } })),
    refetchInterval: ({ state }) =>
      state.data?.backtests.some((run) => unfinished(run.status)) ? JOB_EVERY_MS : false,
  });

export const backtestQuery = (runId: string) =>
  queryOptions({
    queryKey: ["backtest", runId],
    queryFn: () =>
      dataOf(api.GET("/api/backtest/{run_id}", { params: { path: { run_id: runId } } })),
    refetchInterval: ({ state }) => (unfinished(state.data?.status) ? JOB_EVERY_MS : false),
  });

/** The equity of a backtest, all its pages: by session, or as the run's own curve. */
export const backtestEquityQuery = (runId: string, of: "days" | "curve" = "days") =>
  queryOptions({
    queryKey: ["backtest", runId, "equity", of],
    queryFn: async () => {
      const points: Schemas["EquityPoint"][] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const params = { path: { run_id: runId }, query: { limit: 500, cursor, of } };
        const page: Schemas["Equity"] = await dataOf(
          api.GET("/api/backtest/{run_id}/equity", { params }),
        );
        points.push(...page.points);
        cursor = page.cursor;
      }
      return points;
    },
    staleTime: Infinity,
  });

export const backtestTradesQuery = (runId: string) =>
  infiniteQueryOptions({
    queryKey: ["backtest", runId, "trades"],
    queryFn: ({ pageParam }) => {
      const params = { path: { run_id: runId }, query: { limit: 50, cursor: pageParam } };
      return dataOf(api.GET("/api/backtest/{run_id}/trades", { params }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
    staleTime: Infinity,
  });

export const verificationQuery = (runId: string) =>
  queryOptions({
    queryKey: ["verification", runId],
    queryFn: () =>
      dataOf(api.GET("/api/replay/verify/{run_id}", { params: { path: { run_id: runId } } })),
    refetchInterval: ({ state }) => (unfinished(state.data?.status) ? JOB_EVERY_MS : false),
  });
