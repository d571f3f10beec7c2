import { describe, expect, it } from "vitest";

import { saidOf } from "./announcements";

const event = (kind: string, data: Record<string, unknown>) =>
  ({ type: "event", channel: "trades", kind, data }) as const;
const fill = {
  ticker: "AAPL",
  side: "BUY",
  qty: 1_094,
  price: "45.8146",
  status: "FILLED",
  pnl: null,
};

describe("what is said", () => {
  it("is a fill with its price, and what it brought", () => {
    expect(saidOf(event("trades.executed", fill))).toMatchObject({
      title: "Bought 1,094 AAPL",
      detail: "at 45.81",
    });
    const sold = { ...fill, side: "SELL", pnl: "-12.5000" };
    expect(saidOf(event("trades.executed", sold))).toMatchObject({
      title: "Sold 1,094 AAPL",
      detail: "at 45.81, \u221212.50",
    });
  });

  it("is a change of state with whose word it was", () => {
    const told = saidOf(event("trading.states", { new: "HALTED", who: "ada" }));
    expect(told?.title).toBe("Trading is halted");
    expect(told?.detail).toContain("By ada.");
    expect(told?.detail).toContain("Stops still sell.");
  });

  it("is a refusal by the broker, and nothing that is routine", () => {
    expect(saidOf(event("trades.executed", { ...fill, status: "REJECTED" }))?.icon).toBe("warn");
    expect(saidOf(event("trades.executed", { ...fill, status: "EXPIRED" }))).toBeNull();
    expect(saidOf(event("trade.decisions", { accepted: false }))).toBeNull();
  });
});
