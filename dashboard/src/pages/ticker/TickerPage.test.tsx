import { act, screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { shown } from "../../test/render";
import { meanOf, outward } from "./Headlines";
import TickerPage from "./TickerPage";

// A canvas is tried in a real browser; here it is only what it is given.
const drawn = vi.hoisted(() => vi.fn());
vi.mock("../../charts/TickerChart", () => ({
  default: (props: { says: string; data: unknown }) => {
    drawn(props.data);
    return <figure aria-label={props.says} />;
  },
}));

const AS_OF = "2025-03-12T19:15:00Z";
const SINCE = "2025-03-07T19:00:00.000Z";
const bar = (start: string, close: string) => ({
  start,
  open: close,
  high: close,
  low: close,
  close,
  volume: 100,
});
const bars = [
  bar("2025-03-11T19:59:00Z", "50.0000"),
  bar("2025-03-12T19:13:00Z", "51.0000"),
  bar("2025-03-12T19:14:00Z", "52.0000"),
];
const page = (name: string, found: unknown[]) => ({
  pages: [{ [name]: found, cursor: null }],
  pageParams: [""],
});
const fill = {
  id: "exe-1",
  at: "2025-03-12T19:14:00Z",
  ticker: "AAPL",
  side: "BUY",
  qty: 100,
  price: "51.0150",
  slippage: "1.5000",
  commission: "1.0000",
  pnl: null,
  status: "FILLED",
};
const article = (id: string, url: string, score: number | null) => ({
  id,
  url,
  title: `Title ${id}`,
  at: "2025-03-12T19:13:30Z",
  source: "wire",
  signals: 2,
  orders: 1,
  scores: score === null ? [] : [{ ticker: "AAPL", sentiment_score: score }],
});
const position = {
  ticker: "AAPL",
  qty: 100,
  avg_entry: "51.0150",
  price: "52.0000",
  price_at: AS_OF,
  value: "5200.0000",
  unrealized_pnl: "98.5000",
  unrealized_pct: 1.93,
  stop_loss: "49.4800",
  take_profit: null,
  opened_at: "2025-03-12T19:14:00Z",
};

async function open(ticker: string, { known = true, held = true } = {}) {
  vi.spyOn(api, "GET").mockReturnValue(new Promise(() => undefined) as never);
  const until = "2025-03-12T19:15:00.000Z";
  const articles = known
    ? [article("1", "https://a.example/1", 0.6), article("2", "javascript:alert(1)", null)]
    : [];
  shown(
    <Routes>
      <Route path="/tickers/:ticker" element={<TickerPage />} />
    </Routes>,
    [
      [["me"], { name: "ada", role: "trader", run: "r", live: false }],
      [["portfolio"], { as_of: AS_OF }],
      [["positions"], held ? [position] : []],
      [["controls"], { session: "open", closes: [] }],
      [["system"], { ended: false }],
      [
        ["bars", ticker, SINCE, "sma,volume_sma,rsi"],
        { ticker, interval: "1m", bars: known ? bars : [], indicators: { sma: [1, 2, 3] } },
      ],
      [["signals", { ticker, limit: 1 }], []],
      [["news", { ticker, limit: 100, until }], page("articles", articles)],
      [["trades", { ticker, limit: 200 }], page("trades", known ? [fill] : [])],
      [["decisions", { ticker, fold: true, limit: 30 }], page("decisions", [])],
      [
        ["sentiment", ticker],
        known ? [{ at: "2025-03-12T15:05:00Z", count: 1, mean: 0.6, decayed_mean: 0.42 }] : [],
      ],
    ],
    `/tickers/${ticker}`,
  );
  await act(async () => undefined); // the chart, which is loaded lazily, is there
}

describe("a ticker's page", () => {
  beforeAll(async () => void (await import("../../charts/TickerChart")));
  beforeEach(() => drawn.mockClear());

  it("says the price, the day's change and what is held", async () => {
    await open("AAPL");
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("AAPL");
    expect(screen.getByText("$52.00")).toBeTruthy();
    expect(screen.getByText("+2.00")).toBeTruthy();
    expect(screen.getByText("+4.00 %")).toBeTruthy();
    const held = within(screen.getByRole("region", { name: "Position in AAPL" }));
    expect(held.getByText("100 at 51.02")).toBeTruthy();
    expect(held.getByText("No target is set")).toBeTruthy();
    expect(held.getByRole("button", { name: /^Close AAPL, about \$5,200/ })).toBeTruthy();
    expect(screen.getByRole("figure", { name: /1 fill and 2 headlines/ })).toBeTruthy();
  });

  it("gives the chart what its tables say, to the second", async () => {
    await open("AAPL");
    screen.getByRole("figure");
    const data = drawn.mock.calls.at(-1)?.[0];
    expect(data.bars).toHaveLength(2); // of the session only
    expect(data.sma).toEqual([2, 3]);
    expect(data.fills).toEqual([{ side: "BUY", bar: fill.at }]);
    const bar = "2025-03-12T19:13:00Z";
    expect(data.headlines).toEqual([
      { tone: "zero", bar },
      { tone: "gain", bar },
    ]);
    expect(data.stop).toBe(49.48);
    expect(data.target).toBeNull();
    const fills = within(screen.getByRole("region", { name: /fills/ }));
    expect(fills.getByText("Bought 100").closest("tr")?.querySelector("time")?.dateTime).toBe(
      "2025-03-12T19:14:00.000Z",
    );
    const link = fills.getByRole("link", { name: /Bought 100/ });
    expect(link.getAttribute("href")).toBe("/trades?ticker=AAPL&open=exe-1");
  });

  it("lists headlines with scores, and leaves a strange address as text", async () => {
    await open("AAPL");
    const link = screen.getByRole("link", { name: "Title 1" });
    expect(link.getAttribute("rel")).toBe("noopener noreferrer");
    expect(screen.queryByRole("link", { name: "Title 2" })).toBeNull();
    expect(screen.getByText("Title 2")).toBeTruthy();
    expect(screen.getByText("Not scored")).toBeTruthy();
    expect(screen.getByText(/24 h mean/).textContent).toContain("Positive +0.60");
    expect(screen.getByText(/decayed \+0.42/)).toBeTruthy();
  });

  it("names the next step for a ticker that nobody knows", async () => {
    await open("ZZZZ", { known: false, held: false });
    expect(screen.getByText("Nothing is known of ZZZZ")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /^Close/ })).toBeNull();
  });
});

describe("headlines", () => {
  it("lead out by http only", () => {
    expect(outward("https://a.example/x")).toBe("https://a.example/x");
    for (const url of ["javascript:alert(1)", "data:text/html,x", "not a url", ""])
      expect(outward(url)).toBeNull();
  });

  it("have a mean over the day before a moment only", () => {
    const hour = 3_600_000;
    const scores = [1, 0, -1].map((score, index) => ({
      at: 25 * hour - index * hour * 23.5,
      score,
    }));
    expect(meanOf(scores, 25 * hour)).toEqual({ mean: 0.5, count: 2 });
    expect(meanOf([], 0)).toBeNull();
  });
});
