import { screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { differenceWords } from "../../app/broker";
import { shown } from "../../test/render";
import { Broker } from "./Broker";

const AT = {
  name: "alpaca",
  readiness: "READY",
  since: "2026-11-28T13:30:06Z",
  why: "",
  reconciliation: {
    at: "2026-11-28T13:30:06Z",
    cash: "98765.4300",
    equity: "101234.5600",
    buying_power: "202469.1200",
    unmanaged: [
      { ticker: "GLD", qty: "2.5" },
      { ticker: "TSLA", qty: "-4" },
    ],
    blocked: "",
  },
  drift: null,
  open_orders: 3,
  unknown_orders: 0,
  silent_orders: 0,
};
const DRIFT = {
  at: "2026-11-28T13:40:00Z",
  current: true,
  why: "the broker holds other shares than it told of",
  differences: [
    { ticker: "AAPL", expected: "3", found: "15" },
    { ticker: "MSFT", expected: "0", found: "-1" },
  ],
};

const panel = (broker: unknown) =>
  shown(<Broker />, [[["broker"], { mode: broker ? "broker" : "paper", broker }]]);
const region = () => screen.getByRole("region", { name: "Broker" });
const text = () => region().textContent?.replace(/\s+/g, " ") ?? "";

describe("the broker", () => {
  afterEach(() => vi.restoreAllMocks());

  it("is nobody on paper, and the panel says so", () => {
    panel(null);
    expect(screen.getByText("Paper: Tidewire fills orders itself")).toBeTruthy();
    expect(text()).not.toContain("Readiness");
  });

  it("is shown with its readiness, its money and what it holds besides", () => {
    panel(AT);
    expect(text()).toContain("Alpaca, a paper account");
    expect(text()).toMatch(/ReadinessReady/);
    expect(text()).toContain("Cash, by the broker$98,765.43");
    expect(text()).toContain("Equity, by the broker$101,234.56");
    expect(text()).toContain("Buying power, by the broker$202,469.12");
    expect(text()).toContain("Held besides2.5 GLD, \u22124 TSLA");
    expect(text()).toMatch(/Open orders3$/);
  });

  it("says what it holds otherwise than it told, in words, first", () => {
    panel({ ...AT, readiness: "NOT_RECONCILED", drift: DRIFT });
    const items = within(region())
      .getAllByRole("listitem")
      .map((item) => item.textContent);
    expect(items).toEqual([
      "The broker holds 12 AAPL more than it told of",
      "The broker holds 1 MSFT fewer than it told of",
    ]);
    expect(text()).toContain("Not reconciled");
    expect(text()).toContain("Entries wait since");
  });

  it("says why where no ticker differs, and that a drift is over", () => {
    const why = "the broker corrected execution x-1: correct it here";
    const { unmount } = panel({ ...AT, drift: { ...DRIFT, differences: [], why } });
    expect(text()).toContain(why);
    unmount();
    panel({ ...AT, drift: { ...DRIFT, current: false } });
    expect(text()).toContain("Last drift, over");
    expect(text()).not.toContain("AAPL");
  });

  it("says what it said of its stream, and which orders are in doubt", () => {
    panel({
      ...AT,
      readiness: "STREAM_DOWN",
      why: "it hung up",
      unknown_orders: 1,
      silent_orders: 1,
    });
    expect(text()).toMatch(/Stream down/);
    expect(text()).toContain("It saidit hung up");
    expect(text()).toMatch(/3 · 1 in doubt · 1 on the way/);
  });

  it("has no figures before it has said anything", () => {
    panel({ ...AT, readiness: "NOT_RECONCILED", since: null, reconciliation: null });
    expect(text()).toContain("it has said nothing yet");
    expect(text()).toContain("Not yet");
    expect(text()).not.toContain("NaN");
  });

  it("keeps its height while it is asked for, and says when nobody answers", async () => {
    vi.spyOn(api, "GET").mockRejectedValue(new TypeError("failed to fetch"));
    shown(<Broker />);
    expect(region().getAttribute("aria-busy")).toBe("true");
    expect(within(region()).getByText("Loading")).toBeTruthy();
    expect(await screen.findByText("The API cannot be reached")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Retry" })).toBeTruthy();
  });
});

describe("a difference", () => {
  it.each([
    ["3", "15", "12 AAPL more"],
    ["15", "3", "12 AAPL fewer"],
    ["0", "2.5", "2.5 AAPL more"],
    ["0", "-1200", "1,200 AAPL fewer"],
  ])("from %s to %s is %s", (expected, found, words) => {
    const told = differenceWords({ ticker: "AAPL", expected, found });
    expect(told).toBe(`The broker holds ${words} than it told of`);
  });
});
