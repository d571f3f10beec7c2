import { act, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { shown } from "../test/render";
import { saidOf, useAnnounced } from "./announcements";
import { Toasts } from "./toasts";

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
  });

  const denial = {
    accepted: false,
    ticker: "NVDA",
    side: "BUY",
    code: "COOLDOWN",
    limit: "30 min",
    actual: "19 min",
  };

  it("is a denial that prevented something, with its numbers", () => {
    expect(saidOf(event("trade.decisions", denial))).toEqual({
      icon: "warn",
      title: "NVDA: buying was denied",
      detail: "Cooldown: allowed is 30 min, it was 19 min.",
    });
    expect(saidOf(event("trade.decisions", { ...denial, code: "NO_POSITION" }))).toBeNull();
    expect(saidOf(event("trade.decisions", { ...denial, accepted: true }))).toBeNull();
  });

  it("says denials alike once, until something else is decided of the ticker", () => {
    function Page() {
      useAnnounced();
      return null;
    }
    const { live } = shown(
      <Toasts>
        <Page />
      </Toasts>,
    );
    const tell = (data: Record<string, unknown>) =>
      act(() => live.tell("trade.decisions", { ...denial, ...data }));
    const heard = () => screen.queryAllByText("NVDA: buying was denied").length;
    tell({});
    tell({});
    tell({ ticker: "AAPL" }); // another ticker parts nothing
    tell({});
    expect(heard()).toBe(1);
    tell({ accepted: true, code: "ACCEPTED" });
    tell({});
    expect(heard()).toBe(2);
  });
});
