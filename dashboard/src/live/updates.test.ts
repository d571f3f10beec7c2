import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Batch } from "./batch";
import type { LiveEvent } from "./connection";
import { Refresher, apply } from "./updates";

const event = (kind: string, data: Record<string, unknown>): LiveEvent => ({
  type: "event",
  channel: "portfolio",
  kind,
  data,
});

describe("events in the cache", () => {
  let client: QueryClient;
  let refresher: Refresher;
  const asked: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    client = new QueryClient();
    refresher = new Refresher(client);
    asked.length = 0;
    vi.spyOn(client, "invalidateQueries").mockImplementation((filters) => {
      asked.push(JSON.stringify(filters?.queryKey));
      return Promise.resolve();
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const put = (...events: LiveEvent[]) => apply(client, refresher, events);

  it("asks for the broker anew with what it said, and for alerts where it is of no order", () => {
    put(event("broker.events", { kind: "fill", order_id: "ord-1" }));
    vi.advanceTimersByTime(2_000);
    expect(asked).toEqual(['["broker"]']);
    put(event("broker.events", { kind: "drift", order_id: "" }));
    vi.advanceTimersByTime(2_000);
    expect(asked).toEqual(['["broker"]', '["broker"]', '["system"]']);
  });

  it("puts a state onto the account at once", () => {
    client.setQueryData(["portfolio"], { state: "ACTIVE", equity: "1.0000" });
    client.setQueryData(["controls"], { state: "ACTIVE", closes: [] });
    const told = {
      old: "ACTIVE",
      new: "HALTED",
      who: "ada",
      why: "lunch",
      at: "2025-03-12T15:00:00Z",
    };
    put(event("trading.states", told));
    expect(client.getQueryData(["portfolio"])).toEqual({
      state: "HALTED",
      state_who: "ada",
      state_why: "lunch",
      state_since: "2025-03-12T15:00:00Z",
      equity: "1.0000",
    });
    expect(client.getQueryData(["controls"])).toMatchObject({ state: "HALTED", who: "ada" });
  });

  it("changes a position's row, takes a closed one away and leaves the others", () => {
    const others = { ticker: "MSFT", qty: 5 };
    client.setQueryData(["positions"], [{ ticker: "AAPL", qty: 10, price: "46.0000" }, others]);
    put(event("positions", { ticker: "AAPL", qty: 4, avg_entry: "45.0000" }));
    expect(client.getQueryData(["positions"])).toEqual([
      { ticker: "AAPL", qty: 4, price: "46.0000", avg_entry: "45.0000" },
      others,
    ]);
    put(event("positions", { ticker: "AAPL", qty: 0 }));
    expect(client.getQueryData(["positions"])).toEqual([others]);
  });

  it("invents nothing where nothing is known yet", () => {
    put(event("trading.states", { new: "HALTED" }), event("positions", { ticker: "A", qty: 1 }));
    expect(client.getQueryData(["portfolio"])).toBeUndefined();
    expect(client.getQueryData(["positions"])).toBeUndefined();
    client.setQueryData(["positions"], []);
    put(event("positions", { ticker: "A", qty: 1 })); // its price is not told
    expect(client.getQueryData(["positions"])).toEqual([]);
  });

  it("asks each answer anew once a second, however many events there were", () => {
    for (let index = 0; index < 50; index += 1) {
      put(
        event("trades.executed", { ticker: "AAPL" }),
        event("positions", { ticker: "A", qty: 1 }),
      );
    }
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect([...asked].sort()).toEqual(
      ['["controls"]', '["decisions"]', '["portfolio"]', '["positions"]', '["trades"]'].sort(),
    );
    vi.advanceTimersByTime(5_000);
    expect(asked).toHaveLength(5);
  });

  it("asks less often for a list of which many pages are shown", () => {
    const queryKey = ["trades", {}];
    client.setQueryData(queryKey, { pages: Array.from({ length: 8 }, () => ({})) });
    const observer = new QueryObserver(client, { queryKey, staleTime: Infinity });
    const stop = observer.subscribe(() => undefined);
    for (let second = 0; second < 8; second += 1) {
      put(event("trades.executed", {}));
      vi.advanceTimersByTime(1_000);
    }
    expect(asked.filter((key) => key === '["trades"]')).toHaveLength(2);
    expect(asked.filter((key) => key === '["decisions"]').length).toBeGreaterThan(6);
    stop();
  });

  it("asks for one strategy's figures only", () => {
    put(event("learning.outcomes", { strategy: "momentum" }));
    vi.advanceTimersByTime(1_000);
    expect(asked).toEqual(['["strategy","momentum","metrics"]']);
  });

  it("shows a job's progress in its row and on its page", () => {
    const run = { run_id: "b1", status: "queued", progress: null, error: "" };
    client.setQueryData(["backtest", "b1"], run);
    client.setQueryData(["backtests"], { days: [], backtests: [run, { ...run, run_id: "b2" }] });
    put(event("backtest", { id: "b1", status: "running", done: 3, total: 10, error: "" }));
    const told = { run_id: "b1", status: "running", progress: { done: 3, total: 10 }, error: "" };
    expect(client.getQueryData(["backtest", "b1"])).toEqual(told);
    expect(client.getQueryData(["backtests"])).toEqual({
      days: [],
      backtests: [told, { ...run, run_id: "b2" }],
    });
    vi.advanceTimersByTime(1_000);
    expect(asked).toEqual([]); // progress is told whole
  });

  it("takes a dead letter of any topic, and passes what it does not know", () => {
    put(event("market.feed.dlq", {}), event("something.new", { a: 1 }));
    vi.advanceTimersByTime(1_000);
    expect(asked).toEqual(['["dead-letters"]']);
  });
});

it("hands the events of a frame over together, in order", () => {
  const frames: (() => void)[] = [];
  const batches: string[][] = [];
  const batch = new Batch(
    (events) => batches.push(events.map(({ kind }) => kind)),
    (act) => frames.push(act),
  );
  batch.add(event("a", {}));
  batch.add(event("b", {}));
  expect(frames).toHaveLength(1);
  frames.shift()?.();
  expect(batches).toEqual([["a", "b"]]);
  batch.add(event("c", {}));
  frames.shift()?.();
  expect(batches).toEqual([["a", "b"], ["c"]]);
});
