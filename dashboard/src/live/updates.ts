/**
 * What an event changes in the query cache.
 *
 * An event is put where it belongs: a state onto the account, a position into its row, a
 * job's progress into its run. What an event does not hold whole (equity at the last price, a decision with its
 * fills) is asked for anew, that one answer and nothing else, at most once a second.
 */

import type { QueryClient, QueryKey } from "@tanstack/react-query";

import type { Schemas } from "../api/client";
import type { LiveEvent } from "./connection";

type Portfolio = Schemas["Portfolio"];
type Position = Schemas["Position"];
type Job = Schemas["Backtest"];

const ASK_EVERY_MS = 1_000;
const PAGES_AT_ONCE = 2;

/**
 * Asks for answers anew, each at most once in a while.
 *
 * A list is asked for page by page: one of many pages waits longer, so that nobody who has scrolled
 * far asks too much.
 */
export class Refresher {
  private readonly due = new Map<string, QueryKey>();
  private readonly asked = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly client: QueryClient,
    private readonly every = ASK_EVERY_MS,
  ) {}

  ask(key: QueryKey): void {
    this.due.set(JSON.stringify(key), key);
    this.timer ??= setTimeout(() => this.flush(), this.every);
  }

  private flush(): void {
    this.timer = null;
    const now = Date.now();
    for (const [name, queryKey] of [...this.due]) {
      const wait = this.every * Math.ceil(this.pages(queryKey) / PAGES_AT_ONCE);
      // An answer on its way may be from before the event: asked again once it is there.
      if (this.client.isFetching({ queryKey }) > 0) continue;
      if (now - (this.asked.get(name) ?? -Infinity) < wait - this.every / 2) continue;
      this.due.delete(name);
      this.asked.set(name, now);
      void this.client.invalidateQueries({ queryKey }, { cancelRefetch: false });
    }
    if (this.due.size) this.timer = setTimeout(() => this.flush(), this.every);
  }

  /** How many pages of it are shown; 1 for what has none. */
  private pages(queryKey: QueryKey): number {
    const shown = this.client.getQueryCache().findAll({ queryKey, type: "active" });
    const counts = shown.map(({ state }) => (state.data as { pages?: unknown[] })?.pages?.length);
    return Math.max(1, ...counts.map((count) => count ?? 1));
  }
}

type Handler = (
  client: QueryClient,
  data: Record<string, unknown>,
  ask: (key: QueryKey) => void,
) => void;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function state(client: QueryClient, data: Record<string, unknown>): void {
  const changed = {
    state: data["new"] as Portfolio["state"],
    who: text(data["who"]),
    why: text(data["why"]),
    since: text(data["at"]),
  };
  client.setQueryData<Portfolio>(["portfolio"], (old) =>
    old
      ? {
          ...old,
          state: changed.state,
          state_who: changed.who,
          state_why: changed.why,
          state_since: changed.since,
        }
      : old,
  );
  client.setQueryData<Schemas["ControlStatus"]>(["controls"], (old) =>
    old ? { ...old, ...changed } : old,
  );
}

function position(client: QueryClient, data: Record<string, unknown>): void {
  const told = data as unknown as Position;
  client.setQueryData<Position[]>(["positions"], (old) => {
    if (!old) return old;
    const others = old.filter(({ ticker }) => ticker !== told.ticker);
    if (told.qty === 0) return others;
    const known = old.find(({ ticker }) => ticker === told.ticker);
    if (!known) return old; // its price is not told: the answer below has it
    const { qty, avg_entry, cost, stop_loss, take_profit, trail } = told;
    return old.map((each) =>
      each === known ? { ...each, qty, avg_entry, cost, stop_loss, take_profit, trail } : each,
    );
  });
}

function job(client: QueryClient, data: Record<string, unknown>): void {
  const status = data["status"] as Job["status"];
  const progress = { done: Number(data["done"]), total: Number(data["total"]) };
  const told = <T extends { run_id: string }>(old: T): T =>
    old.run_id === data["id"]
      ? { ...old, status, progress: progress.total ? progress : null, error: text(data["error"]) }
      : old;
  client.setQueryData<Job>(["backtest", text(data["id"])], (old) => (old ? told(old) : old));
  client.setQueryData<Schemas["Backtests"]>(["backtests"], (old) =>
    old ? { ...old, backtests: old.backtests.map(told) } : old,
  );
}

const ACCOUNT: QueryKey[] = [["portfolio"], ["positions"]];

const HANDLERS: Record<string, Handler> = {
  "trading.states": (client, data, ask) => {
    state(client, data);
    ask(["controls"]);
  },
  positions: (client, data, ask) => {
    position(client, data);
    ACCOUNT.forEach(ask);
    ask(["controls"]);
  },
  "portfolio.snapshots": (_client, _data, ask) => {
    ACCOUNT.forEach(ask);
    ask(["history"]);
    ask(["metrics"]);
  },
  "account.resets": (_client, _data, ask) => {
    ACCOUNT.forEach(ask);
    ask(["history"]);
  },
  "trade.decisions": (_client, _data, ask) => {
    ask(["decisions"]);
    ask(["signals"]);
  },
  "broker.events": (_client, data, ask) => {
    ask(["broker"]);
    if (!data["order_id"]) ask(["system"]);
  },
  "trades.executed": (_client, _data, ask) => {
    ask(["trades"]);
    ask(["decisions"]);
  },
  "executions.corrected": (_client, _data, ask) => {
    ask(["trades"]);
    ACCOUNT.forEach(ask);
  },
  "learning.outcomes": (_client, data, ask) => {
    ask(["strategy", text(data["strategy"]), "metrics"]);
  },
  "news.scored": (_client, _data, ask) => ask(["news"]),
  "sentiment.windows": (_client, data, ask) => ask(["sentiment", text(data["ticker"])]),
  "strategy.weights": (_client, _data, ask) => {
    ask(["strategies"]);
    ask(["strategy"]);
  },
  backtest: (client, data, ask) => {
    job(client, data);
    if (data["status"] !== "running") ask(["backtests"]);
    if (data["status"] !== "running") ask(["backtest", text(data["id"])]);
  },
  verification: (_client, data, ask) => {
    ask(["verification", text(data["id"])]);
    ask(["verifications"]);
  },
  "control.accepted": (_client, _data, ask) => ask(["strategies"]),
};

/** Puts events into the cache, in their order. */
export function apply(client: QueryClient, refresher: Refresher, events: LiveEvent[]): void {
  for (const { kind, data } of events) {
    const handler = HANDLERS[kind] ?? (kind.endsWith(".dlq") ? deadLetter : undefined);
    handler?.(client, data, (key) => refresher.ask(key));
  }
}

const deadLetter: Handler = (_client, _data, ask) => ask(["dead-letters"]);
