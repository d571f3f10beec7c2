import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useLocation } from "react-router";
import { afterEach, describe, expect, it, vi } from "vitest";

import { shown } from "../../test/render";
import type { Article } from "./figures";
import News from "./News";

const UNTIL = "2025-03-13T18:00:00Z";
const M = "\u2212";

function article(id: string, at: string, more: Partial<Article> = {}): Article {
  return {
    id,
    revision: 0,
    at,
    source: "wire",
    url: `https://news.example/${id}`,
    title: `Headline ${id}`,
    published_at: at,
    symbols: ["JPM"],
    scores: [
      {
        ticker: "JPM",
        sentiment_score: -0.99,
        confidence: 0.95,
        model_used: "instant/fb98/-",
        about: "named",
      },
    ],
    signals: 0,
    orders: 0,
    ...more,
  };
}
const one = article("art-1", "2025-03-13T17:00:00Z", { signals: 2, orders: 1 });
const evil = article("art-2", "2025-03-13T16:00:00Z", {
  url: "javascript:alert(1)",
  title: "<img src=x onerror=alert(1)>",
  scores: [],
});
const pages = (articles: Article[]) => ({
  pages: [{ articles, cursor: null }],
  pageParams: [""],
});

function Where() {
  const { pathname, search } = useLocation();
  return <output>{pathname + search}</output>;
}

function open(articles: Article[], path = "/news", asked: object = {}, live = false) {
  const until = live ? undefined : UNTIL;
  return shown(
    <>
      <News />
      <Where />
    </>,
    [
      [["me"], { name: "ada", role: "owner", run: "r", live }],
      [["portfolio"], { as_of: UNTIL }],
      [["system"], { feeds: [] }],
      [["news", { until, limit: 500 }], pages(articles)],
      [["news", { ...asked, until, limit: 50 }], pages(articles)],
      [
        ["article", "art-1"],
        {
          ...one,
          content: "",
          led_to: [
            {
              id: "sig-1",
              at: "2025-03-13T17:05:00Z",
              ticker: "JPM",
              direction: "SHORT",
              strength: 0.41,
              orders: ["ord-1"],
              used: true,
            },
            {
              id: "sig-2",
              at: "2025-03-13T17:06:00Z",
              ticker: "JPM",
              direction: "SHORT",
              strength: 0.4,
              orders: [],
              used: false,
            },
          ],
        },
      ],
      [
        ["decisions", "of news", "JPM", "2025-03-13T17:05:00.000Z", "2025-03-13T17:06:00.000Z"],
        [{ id: "dec-1", signal: "sig-1" }],
      ],
    ],
    path,
  );
}

const where = () => document.querySelector("output");

describe("the feed", () => {
  afterEach(() => vi.useRealTimers());

  it("asks a played run for nothing after its now", () => {
    open([one, evil]);
    const row = within(screen.getByRole("article", { name: "Headline art-1" }));
    expect(row.getByText(`Negative ${M}0.99`)).toBeTruthy();
    expect(row.getByText("0.95")).toBeTruthy();
    expect(row.getByText("instant/fb98").className).toBe("mono");
    const link = row.getByRole("link", { name: "Headline art-1" });
    expect(link.getAttribute("rel")).toBe("noopener noreferrer");
  });

  it("shows titles as text, and links to the web only", () => {
    open([one, evil]);
    const row = within(screen.getByRole("article", { name: evil.title }));
    expect(row.getByText(evil.title)).toBeTruthy();
    expect(row.queryByRole("link", { name: evil.title })).toBeNull();
    expect(document.querySelector("img")).toBeNull();
    expect(row.getByText("Not scored")).toBeTruthy();
  });

  it("says what is tagged only, in place of another company's score", () => {
    const [score] = one.scores;
    if (!score) throw new Error("it has a score");
    open([{ ...one, scores: [score, { ...score, ticker: "MU", about: "beside" }] }]);
    const row = within(screen.getByRole("article", { name: "Headline art-1" }));
    expect(row.getAllByText(`Negative ${M}0.99`)).toHaveLength(1);
    expect(row.getByText("Tagged only").title).toMatch(/never votes/);
  });

  it("opens what an article led to, with the way to its order", async () => {
    open([one, evil]);
    await userEvent.click(screen.getByRole("button", { name: /^2 signals, 1 order/ }));
    expect(where()?.textContent).toBe("/news?open=art-1");
    const order = await screen.findByRole("link", { name: /^1 order of JPM/ });
    expect(order.getAttribute("href")).toBe("/trades?ticker=JPM&open=dec-1");
    expect(screen.getByText("The feed gave a headline, and no text.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: /^2 signals, 1 order/ }));
    expect(where()?.textContent).toBe("/news");
  });

  it("opens an article of the URL that the list does not have", async () => {
    open([evil], "/news?open=art-1");
    expect(await screen.findByRole("heading", { name: "Headline art-1" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(where()?.textContent).toBe("/news");
  });

  it("keeps what is new behind a button until it is asked for", async () => {
    const { client } = open([one, evil], "/news", {}, true);
    const fresh = article("art-3", "2025-03-13T17:30:00Z");
    act(() => {
      for (const limit of [500, 50]) {
        client.setQueryData(["news", { limit }], pages([fresh, one, evil]));
      }
    });
    expect(await screen.findByText("New articles wait.")).toBeTruthy();
    expect(screen.queryByText("Headline art-3")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "1 new" }));
    expect(screen.getByText("Headline art-3")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "1 new" })).toBeNull();
  });

  it("moves on in a played run only when asked, and never past its now", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { client } = open([one, evil]);
    const later = "2025-03-13T18:30:00Z";
    const fresh = article("art-3", "2025-03-13T18:20:00Z");
    for (const limit of [500, 50]) {
      client.setQueryData(["news", { until: later, limit }], pages([fresh, one, evil]));
    }
    act(() => void client.setQueryData(["portfolio"], { as_of: later }));
    await act(() => vi.advanceTimersByTimeAsync(5_500));
    expect(screen.queryByText("Headline art-3")).toBeNull();
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    await user.click(await screen.findByRole("button", { name: "1 new" }));
    expect(await screen.findByText("Headline art-3")).toBeTruthy();
    expect(screen.getByText("Headline art-1")).toBeTruthy();
  });

  it("says what to do where there is no news, and where filters leave none", async () => {
    open([]);
    expect(screen.getByText("No news yet")).toBeTruthy();
    expect(screen.getAllByText("tidewire feeds").length).toBeGreaterThan(0);
  });

  it("leaves a filter that nothing passes", async () => {
    open([], "/news?ticker=KO", { ticker: "KO" });
    expect(screen.getByText("No article is like that")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(where()?.textContent).toBe("/news");
  });
});

describe("beside it", () => {
  it("a ticker has its 24 h mean, says of how many, and filters", async () => {
    open([one, evil]);
    const table = within(screen.getByRole("region", { name: "By ticker" }));
    expect(table.getByText("24 h, 2 articles")).toBeTruthy();
    expect(table.getByText(`${M}0.99`, { selector: ".delta" })).toBeTruthy();
    await userEvent.click(table.getByRole("button", { name: "JPM" }));
    expect(where()?.textContent).toBe("/news?ticker=JPM");
  });

  it("a source filters, too", async () => {
    open([one, evil]);
    const table = within(screen.getByRole("region", { name: "Sources" }));
    await userEvent.click(table.getByRole("button", { name: "wire" }));
    expect(where()?.textContent).toBe("/news?source=wire");
  });
});
