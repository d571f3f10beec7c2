/** What is asked of the lists, as the page's address says it. */

import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

import type { Schemas } from "../../api/client";
import type { DecisionsAsked, TradesAsked } from "../../api/queries";

export type Show = "all" | "filled" | "denied";
type Status = Schemas["Trade"]["status"];

/** How an order may end. */
export const ENDS: readonly Status[] = [
  "FILLED",
  "PARTIALLY_FILLED",
  "REJECTED",
  "CANCELLED",
  "EXPIRED",
];

const NAMES = ["ticker", "from", "to", "strategy", "status", "code", "profitable"] as const;
export type Name = (typeof NAMES)[number];
export type Filters = { show: Show } & Record<Name, string>;

const TICKER = /^[A-Z0-9][A-Z0-9./-]{0,11}$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Whether the API would take it for a ticker; empty: all tickers. */
export const isTicker = (text: string): boolean => text === "" || TICKER.test(text);

/** The filters of an address; what the API would refuse counts as not given. */
export function filtersOf(params: URLSearchParams): Filters {
  const given = (name: string) => params.get(name) ?? "";
  const show = given("show");
  const status = given("status");
  const ticker = given("ticker").toUpperCase();
  const profitable = given("profitable");
  return {
    show: show === "filled" || show === "denied" ? show : "all",
    ticker: isTicker(ticker) ? ticker : "",
    from: midnight(given("from")) ? given("from") : "",
    to: midnight(given("to")) ? given("to") : "",
    strategy: given("strategy").slice(0, 40),
    status: (ENDS as readonly string[]).includes(status) ? status : "",
    code: given("code").slice(0, 40),
    profitable: profitable === "true" || profitable === "false" ? profitable : "",
  };
}

/** The start of a calendar day in the reader's zone, `later` days on; undefined for no day. */
function midnight(day: string, later = 0): string | undefined {
  const found = DAY.exec(day);
  if (!found) return undefined;
  const at = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + later);
  return Number.isFinite(at.getTime()) ? at.toISOString() : undefined;
}

function common(filters: Filters) {
  const asked: { ticker?: string; strategy?: string; since?: string; until?: string } = {};
  const [since, until] = [midnight(filters.from), midnight(filters.to, 1)];
  if (filters.ticker) asked.ticker = filters.ticker;
  if (filters.strategy) asked.strategy = filters.strategy;
  if (since) asked.since = since;
  if (until) asked.until = until;
  return asked;
}

export function tradesAsked(filters: Filters): TradesAsked {
  const asked: TradesAsked = common(filters);
  if (filters.show !== "filled") return asked;
  if (filters.status) asked.status = filters.status as Status;
  if (filters.profitable) asked.profitable = filters.profitable === "true";
  return asked;
}

export function decisionsAsked(filters: Filters): DecisionsAsked {
  const asked: DecisionsAsked = { ...common(filters), fold: true };
  if (filters.show !== "denied") return asked;
  asked.accepted = false;
  if (filters.code) asked.code = filters.code;
  return asked;
}

/** Whether anything narrows the list besides its kind. */
export const isNarrowed = (filters: Filters): boolean => NAMES.some((name) => filters[name] !== "");

const ONLY: Partial<Record<Name, Show>> = {
  status: "filled",
  profitable: "filled",
  code: "denied",
};

/** The filters, the opened row, and how they change; the address holds them all. */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => filtersOf(params), [params]);
  const change = useCallback(
    (changes: Partial<Record<Name | "show", string>>, replace = false) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [name, value] of Object.entries(changes)) {
            if (value && !(name === "show" && value === "all")) next.set(name, value);
            else next.delete(name);
          }
          const { show } = filtersOf(next);
          for (const [name, of] of Object.entries(ONLY)) if (of !== show) next.delete(name);
          next.delete("open");
          return next;
        },
        { replace },
      ),
    [setParams],
  );
  const clear = useCallback(
    () => change(Object.fromEntries(NAMES.map((name) => [name, ""]))),
    [change],
  );
  const open = params.get("open") ?? "";
  const opened = useCallback(
    (id: string) =>
      setParams((old) => {
        const next = new URLSearchParams(old);
        if (id) next.set("open", id);
        else next.delete("open");
        return next;
      }),
    [setParams],
  );
  return { filters, change, clear, open, opened };
}
