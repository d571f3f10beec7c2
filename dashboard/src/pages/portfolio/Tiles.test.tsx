import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { shown } from "../../test/render";
import { Exposure } from "./Exposure";
import { LatestSignals } from "./LatestSignals";
import { Tiles } from "./Tiles";

const account = {
  as_of: "2025-03-12T19:15:00Z",
  equity: "1009240.1800",
  cash: "552137.0000",
  exposure: "457103.0000",
  exposure_pct: 45.3,
  positions: 9,
  day_pnl: "9240.1800",
  day_pct: 0.924,
  unrealized_pnl: "4647.8500",
};
const none = (reason: string) => ({ value: null, reason });
const undefinedYet = {
  period: "1d",
  roi: none("there is no snapshot yet"),
  sharpe: none("it needs two days that differ"),
  win_rate: none("no trade has closed with a gain or a loss"),
  max_drawdown: none("there is no snapshot yet"),
  returns: [],
  trades: 0,
};

describe("the account's figures", () => {
  it("say why they are undefined", () => {
    vi.spyOn(api, "GET").mockReturnValue(new Promise(() => undefined) as never);
    shown(<Tiles range="1d" />, [
      [["portfolio"], account],
      [["metrics", "1d"], undefinedYet],
      [["history", "1d"], { period: "1d", points: [], left_out: 0 }],
    ]);
    expect(screen.getByText("needs 2 days that differ")).toBeTruthy();
    expect(screen.getByText("no trade has closed with a gain or a loss")).toBeTruthy();
    expect(screen.getAllByText("there is no snapshot yet")).toHaveLength(2);
    expect(screen.queryByText(/NaN|0\.00\s%$/)).toBeNull();
    expect(screen.getByText("cash 552,137")).toBeTruthy();
  });

  it("count what was won and lost, and keep a drawdown without a gain's colour", () => {
    vi.spyOn(api, "GET").mockReturnValue(new Promise(() => undefined) as never);
    const figure = (value: number) => ({ value, reason: "" });
    const points = ["1000.0000", "1100.0000", "1045.0000"].map((equity, index) => ({
      at: `2025-03-12T14:0${index}:00Z`,
      equity,
      cash: "0",
      positions_value: "0",
    }));
    const fills = ["10.0000", "-5.0000", null, "7.0000"].map((pnl) => ({ pnl, qty: 1, at: "" }));
    shown(<Tiles range="1d" />, [
      [["portfolio"], account],
      [
        ["metrics", "1d"],
        {
          ...undefinedYet,
          roi: figure(0.045),
          sharpe: figure(1.5),
          win_rate: figure(2 / 3),
          max_drawdown: figure(-0.05),
          returns: [["2025-03-12", 0.1]],
        },
      ],
      [["history", "1d"], { period: "1d", points, left_out: 0 }],
      [
        ["trades", { since: "2025-03-12T14:00:00.000Z", limit: 500 }],
        { pages: [{ trades: fills, cursor: null }], pageParams: [""] },
      ],
    ]);
    expect(screen.getByText("2 won · 1 lost")).toBeTruthy();
    expect(screen.getByText("+4.50 %").className).toContain("gain");
    expect(screen.getByText("\u22125.00 %").className).toBe("value");
    expect(screen.getByText(/too few to trust/)).toBeTruthy();
  });
});

describe("exposure", () => {
  const position = (ticker: string, value: string, stop_loss: string | null) => ({
    ticker,
    qty: 100,
    price: "50.0000",
    value,
    stop_loss,
  });
  it("says the room, the largest, and what the stops would cost", () => {
    shown(<Exposure />, [
      [["portfolio"], account],
      [
        ["positions"],
        [position("AMZN", "53540.0000", "48.0000"), position("BA", "100.0000", null)],
      ],
      [["limits"], { "risk.max_exposure_bps": "8000", "risk.position_bps": "500" }],
      [["controls"], { session: "closed", closes: [] }],
      [["system"], { ended: false }],
    ]);
    expect(screen.getByText("limit 80 % of equity")).toBeTruthy();
    expect(screen.getByText("$350,289")).toBeTruthy();
    expect(screen.getByText("AMZN").closest("dd")?.textContent).toMatch(/^AMZN 5\.3\s%$/);
    expect(screen.getByText("If stops are hit (1 without one)")).toBeTruthy();
    expect(screen.getByText("\u2212$200")).toBeTruthy();
    expect(screen.getByRole("meter", { name: "Exposure" })).toBeTruthy();
  });
});

describe("latest signals", () => {
  it("lead to the lineage of what became of them", () => {
    const at = "2025-03-12T19:15:00Z";
    const signal = { id: "sig-1", at, ticker: "INTC", direction: "SHORT", strength: 0.8 };
    shown(<LatestSignals />, [
      [["signals", { limit: 40 }], [signal]],
      [
        ["decisions", { fold: true, limit: 40 }],
        {
          pages: [
            {
              decisions: [
                {
                  id: "dec-7",
                  signal_id: "sig-1",
                  accepted: false,
                  code: "NO_POSITION",
                  count: 6,
                  limit: "a position to close",
                  actual: "0 shares",
                },
              ],
              cursor: null,
            },
          ],
          pageParams: [""],
        },
      ],
    ]);
    const link = screen.getByRole("link", { name: /No position × 6/ });
    expect(link.getAttribute("href")).toBe("/trades?open=dec-7");
    expect(link.title).toBe("Limit a position to close, was 0 shares");
  });

  it("name the next step where there is none", () => {
    shown(<LatestSignals />, [[["signals", { limit: 40 }], []]]);
    expect(screen.getByRole("link", { name: "Which ones are on?" })).toBeTruthy();
  });
});
