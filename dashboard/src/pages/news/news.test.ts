import { describe, expect, it } from "vitest";

import {
  type Article,
  bySource,
  byTicker,
  ledTo,
  modelsOf,
  ofTheDay,
  safeUrl,
  tones,
} from "./figures";
import { askedOf, changed, filtersOf, matches } from "./filters";
import { decisionsOfQuery, inTurn, spansOf } from "./signals";
import { shownOf, waitingOf } from "./useFeed";

const NOW = Date.parse("2025-03-13T18:00:00Z");
let made = 0;
function article(ago: number, scores: Record<string, number> = {}, source = "wire"): Article {
  const at = new Date(NOW - ago * 60_000).toISOString();
  return {
    id: `art-${made++}`,
    revision: 0,
    at,
    source,
    url: "https://news.example/1",
    title: "A title",
    published_at: at,
    symbols: Object.keys(scores),
    scores: Object.entries(scores).map(([ticker, sentiment_score]) => ({
      ticker,
      sentiment_score,
      confidence: 0.9,
      model_used: "instant/fb98/-",
      about: "named" as const,
    })),
    signals: 0,
    orders: 0,
  };
}
const filters = { ticker: "", source: "", tone: "all" } as const;

describe("figures", () => {
  it("of a ticker leave out what is about other companies", () => {
    const told = article(1, { JPM: 0.5 });
    const beside = article(2, { JPM: -1 });
    beside.scores = beside.scores.map((score) => ({ ...score, about: "beside" as const }));
    expect(byTicker([told, beside]).map(({ mean }) => mean)).toEqual([0.5]);
  });

  it("are of 24 hours before the run's now, and of nothing after it", () => {
    const all = [article(-1), article(0), article(24 * 60 - 1), article(24 * 60)];
    expect(ofTheDay(all, NOW)).toEqual(all.slice(1, 3));
  });

  it("by ticker have the mean, the most mentioned first", () => {
    const found = byTicker([article(1, { AAPL: 1, JPM: -0.5 }), article(2, { AAPL: 0 })]);
    expect(found.map(({ ticker, mean, scores }) => [ticker, mean, scores.length])).toEqual([
      ["AAPL", 0.5, 2],
      ["JPM", -0.5, 1],
    ]);
  });

  it("by source have the last article", () => {
    const all = [article(5, {}, "a"), article(1, {}, "b"), article(3, {}, "b")];
    expect(bySource(all)).toEqual([
      { source: "b", articles: 2, last: NOW - 60_000 },
      { source: "a", articles: 1, last: NOW - 300_000 },
    ]);
  });

  it("by tone follow the strongest score and the label's thresholds", () => {
    const all = [
      article(1, { A: 0.25 }),
      article(1, { A: 0.24 }),
      article(1, { A: 0.3, B: -0.9 }),
      article(1),
    ];
    expect(tones(all)).toEqual({ positive: 1, neutral: 1, negative: 1 });
    expect(modelsOf(all)).toEqual(["instant/fb98"]);
  });
});

it("links to the web only", () => {
  expect(safeUrl("https://news.example/a?b=1")).toBe("https://news.example/a?b=1");
  for (const url of [
    "javascript:alert(1)",
    "data:text/html,x",
    "//news.example",
    "file:///x",
    "",
  ]) {
    expect(safeUrl(url)).toBeNull();
  }
});

it("says what an article led to", () => {
  expect(ledTo(1, 0)).toBe("1 signal, no order");
  expect(ledTo(2, 1)).toBe("2 signals, 1 order");
});

describe("filters", () => {
  it("come from the URL, without what it cannot mean", () => {
    const found = filtersOf(new URLSearchParams("ticker=aapl&source=x&sentiment=positive"));
    expect(found).toEqual({ ticker: "AAPL", source: "x", tone: "positive" });
    expect(filtersOf(new URLSearchParams("ticker=a b&sentiment=happy"))).toEqual(filters);
  });

  it("ask in the API's words", () => {
    expect(askedOf(filters)).toEqual({});
    expect(askedOf({ ticker: "AAPL", source: "", tone: "neutral" })).toEqual({
      ticker: "AAPL",
      min_score: -0.249999,
      max_score: 0.249999,
    });
    expect(askedOf({ ...filters, tone: "negative" })).toEqual({ max_score: -0.25 });
  });

  it("look at the score of the ticker that is asked for", () => {
    const one = article(1, { AAPL: 0.9, JPM: -0.9 });
    expect(matches({ ...filters, tone: "negative" }, one)).toBe(true);
    expect(matches({ ...filters, ticker: "AAPL", tone: "negative" }, one)).toBe(false);
    expect(matches({ ...filters, ticker: "KO" }, one)).toBe(false);
    expect(matches({ ...filters, source: "other" }, one)).toBe(false);
  });

  it("go into the URL, and close what is open", () => {
    const params = changed(new URLSearchParams("open=art-1&sentiment=positive"), {
      ticker: "KO",
      tone: "all",
    });
    expect(params.toString()).toBe("ticker=KO");
  });
});

describe("the feed", () => {
  const [a, b, c, d] = [article(1), article(2), article(3), article(4)] as [
    Article,
    Article,
    Article,
    Article,
  ];

  it("holds back what comes above or between, and shows what pages bring below", () => {
    const held = { key: "", ids: new Set([b.id, c.id]) };
    expect(shownOf([a, b, c, d], held)).toEqual([b, c, d]);
    const between = { key: "", ids: new Set([a.id, c.id]) };
    expect(shownOf([a, b, c, d], between)).toEqual([a, c, d]);
  });

  it("counts as new what matches, is not shown and not further down", () => {
    const other = article(0, { KO: 1 });
    const asked = { ...filters, ticker: "KO" };
    expect(waitingOf([other, a, b, c, d], [b, c], filters, true)).toEqual([other, a]);
    expect(waitingOf([other, a, b, c, d], [b, c], filters, false)).toEqual([other, a, d]);
    expect(waitingOf([other, a], [], asked, false)).toEqual([other]);
  });
});

describe("signals behind which an article is", () => {
  const signal = (id: string, at: string, orders: string[] = [], ticker = "JPM") => ({
    id,
    at,
    ticker,
    direction: "SHORT",
    strength: 0.4,
    orders,
    used: orders.length > 0,
  });
  const all = [
    signal("1", "2025-03-13T17:00:00Z"),
    signal("2", "2025-03-13T16:00:00Z", ["ord-1"]),
    signal("3", "2025-03-13T15:00:00Z", ["ord-2"]),
    signal("4", "2025-03-13T17:30:00Z"),
  ];

  it("come with those that led to orders first, then the newest", () => {
    expect(inTurn(all).map(({ id }) => id)).toEqual(["2", "3", "4", "1"]);
  });

  it("are looked up together, by ticker, where there are orders", () => {
    const [span, ...others] = spansOf(all);
    expect(others).toEqual([]);
    expect(span).toEqual({
      ticker: "JPM",
      since: "2025-03-13T15:00:00.000Z",
      until: "2025-03-13T16:01:00.000Z",
    });
    expect(decisionsOfQuery(span as never).queryKey[2]).toBe("JPM");
  });
});
