import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { shown } from "../../test/render";
import { Lineage } from "./Lineage";
import { webAddress } from "./HeadlineStep";
import { ANSWERS, bought, decided, refused, sold } from "./samples";
import { summed } from "./VotesStep";

const lineage = (id: string, of: unknown, alike = 1) =>
  shown(<Lineage id={id} alike={alike} firstAt="2025-03-12T15:02:00Z" />, [
    [["lineage", id.startsWith("dec-") ? "decision" : "trade", id], of],
    ...ANSWERS.filter(([key]) => key[1] !== "following"),
    ...FOLLOWING,
  ]);
let FOLLOWING: [string[], unknown][] = [];
const followed = (decisions: unknown[], cursor: string | null = null) => {
  FOLLOWING = ["dec-1", "dec-2"].map((id) => [["lineage", "following", id], { decisions, cursor }]);
};

const steps = () =>
  within(screen.getByRole("list", { name: /five steps/ })).getAllByRole("heading");
const step = (name: RegExp) =>
  screen.getByRole("heading", { name }).closest("li")?.textContent?.replace(/\s+/g, " ") ?? "";

describe("the lineage of an order", () => {
  it("has five steps, in their order", () => {
    followed([]);
    lineage("dec-1", bought);
    expect(steps().map((each) => each.textContent)).toEqual([
      "Headline",
      "Votes × weights",
      "Risk checks",
      "Order, fill",
      "Outcome: nothing",
    ]);
    expect(step(/Risk checks/)).toContain("2 of 2 passed");
  });

  it("shows votes by weight, who did not vote, and the score they come to", () => {
    followed([]);
    lineage("dec-1", bought);
    const { sum, voted } = summed(bought.signal?.votes ?? []);
    expect(sum / voted).toBeCloseTo(0.329, 3);
    expect(step(/Votes/)).toContain("+0.219 ÷ 0.667 voted");
    expect(step(/Votes/)).toContain("Momentumno vote");
    expect(step(/Votes/)).not.toContain("threshold");
  });

  it("links each step on", () => {
    followed([]);
    lineage("dec-1", bought);
    const address = (name: RegExp) => screen.getByRole("link", { name }).getAttribute("href");
    expect(address(/^AAPL soars after record quarterly profit$/)).toBe("https://news.example/12");
    expect(address(/In the news/)).toBe("/news?open=art-1");
    expect(address(/News driven/)).toContain("/strategies");
    expect(address(/among the fills/)).toBe("/trades?show=filled&ticker=AAPL&open=exe-1");
  });

  it("shows the legs that a broker holds beside an order, and no others", () => {
    followed([]);
    lineage("dec-1", bought);
    expect(step(/Order, fill/)).not.toContain("there");
  });

  it("shows a stop and a target at the broker", () => {
    followed([]);
    const order = { ...bought.order, stop_price: "97.0000", target_price: "110.5000" };
    lineage("dec-1", { ...bought, order });
    expect(step(/Order, fill/)).toContain("Stop there$97.00");
    expect(step(/Order, fill/)).toContain("Target there$110.50");
  });

  it("never links to what is no page of the web", () => {
    for (const bad of ["javascript:alert(1)", "data:text/html,x", "", "news/12"]) {
      expect(webAddress(bad)).toBeNull();
    }
    followed([]);
    const [headline] = bought.headlines;
    lineage("dec-1", { ...bought, headlines: [{ ...headline, url: "javascript:alert(1)" }] });
    expect(screen.queryByRole("link", { name: /quarterly profit$/ })?.getAttribute("href")).toBe(
      "/news?open=art-1",
    );
  });

  it("shows what a position that it opened was sold for", () => {
    const sale = decided({ id: "dec-9", side: "SELL", at: "2025-03-12T16:50:00Z" });
    if (sale.done) Object.assign(sale.done, { pnl: "963.4900", roi: 0.0192, hold_seconds: 5580 });
    const later = { ...sale, id: "dec-10", at: "2025-03-12T18:00:00Z" };
    followed([later, sale]);
    lineage("dec-1", bought);
    expect(step(/Outcome/)).toContain("+963.49");
    expect(screen.getByRole("link", { name: /How it was sold/ }).getAttribute("href")).toContain(
      "open=dec-9",
    );
  });

  it("does not guess the sale where too much followed", () => {
    followed([decided({ id: "dec-9", side: "SELL", at: "2025-03-12T16:50:00Z" })], "more");
    lineage("dec-1", bought);
    expect(step(/Outcome/)).toContain("comes with the order that closes it");
  });

  it("says why no weight moved", () => {
    followed([]);
    lineage("dec-1", sold);
    expect(step(/Outcome/)).toContain("+0.64 R");
    expect(step(/Outcome/)).toContain("News driven 100 %");
    expect(step(/Outcome/)).toContain("News driven has 3 of the 20 outcomes that learning needs");
  });

  it("says which weight moved, and what bound it", () => {
    followed([]);
    const moved = {
      id: "adj-1",
      at: "2025-03-12T20:00:00Z",
      strategy: "news_driven",
      old: 0.333333,
      proposed: 0.6,
      new: 0.433333,
      reward: 0.9,
      guardrail: "max_shift",
      reason: "reward",
      effective_from: "2025-03-13T20:00:00Z",
    };
    lineage("dec-1", { ...sold, adjustments: [moved] });
    expect(step(/Outcome/)).toContain("0.333 → 0.433");
    expect(step(/Outcome/)).toContain("no weight moves further in one cycle");
  });

  it("has no votes where a stop decided, and says so", () => {
    followed([]);
    const decision = bought.decision && { ...bought.decision, cause: "stop" };
    lineage("dec-1", { ...bought, decision, signal: null, headlines: [] });
    expect(step(/^Stop/)).toContain("Stops ask no strategy");
    expect(step(/Headline/)).toContain("no signal decided");
  });
});

describe("the lineage of a denial", () => {
  it("breaks at the checks, and keeps the numbers of the others", () => {
    followed([]);
    lineage("dec-2", refused);
    expect(steps().map((each) => each.textContent)).toEqual([
      "Headline",
      "Votes × weights",
      "Risk checks: broken here",
      "Denied: broken here",
      "What then: nothing",
    ]);
    const rows = screen.getAllByRole("row").map((row) => row.textContent);
    expect(rows).toContain("deniedCooldown since exit27.4\u00a0min≥ 30\u00a0min");
    expect(rows).toContain("would have denied tooShare of volume · too1,106\u00a0sh≤ 944\u00a0sh");
    expect(rows).toContain("passedMarket hoursOpenOpen");
  });

  it("ends in what would have let it through, how many were alike, and what came instead", () => {
    followed([decided({ id: "dec-9", at: "2025-03-12T15:31:36Z" })]);
    lineage("dec-2", refused, 6);
    const said = step(/What then/);
    expect(said).toContain("2.6\u00a0min later".replace("\u00a0", " "));
    expect(said).toContain("An order 162 shares smaller");
    expect(said).toContain("6 denials alike");
    expect(said).toContain("later at $45.81");
  });
});

describe("a lineage that cannot be had", () => {
  it("says why, with a way to ask again", async () => {
    followed([]);
    shown(<Lineage id="dec-7" />, ANSWERS);
    expect(await screen.findByRole("button", { name: "Retry" })).toBeTruthy();
  });
});
