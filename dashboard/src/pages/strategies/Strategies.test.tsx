import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { ApiProblem } from "../../api/session";
import { shown } from "../../test/render";
import Strategies from "./Strategies";

vi.mock("./WeightCharts", () => ({ Ring: () => null, Stack: () => null }));

const M = "\u2212";
const SP = "\u00a0";
const seed = {
  at: "2025-03-12T13:30:00Z",
  effective_from: "2025-03-12T13:30:00Z",
  old_weight: 0.5,
  new_weight: 0.5,
  reason: "seed",
  guardrail: "",
  outcomes: [],
};
const moved = {
  at: "2025-03-13T20:01:00.000001Z",
  effective_from: "2025-03-14T20:01:00.000001Z",
  old_weight: 0.5,
  new_weight: 0.481,
  reason: "reward 0.839398 after 17 outcomes: -0.019000, bound by max_shift",
  guardrail: "max_shift",
  outcomes: ["out-1", "out-2"],
};
const strategies = [
  {
    id: "momentum",
    name: "momentum",
    description: "close crosses its average",
    weight: 0.5,
    coming_weight: 0.481,
    coming_from: "2025-03-14T20:01:00.000001Z",
    active: true,
  },
  {
    id: "news_driven",
    name: "news_driven",
    description: "strong news",
    weight: 0.5,
    coming_weight: null,
    coming_from: null,
    active: true,
  },
];
const metrics = (strategy: string, trades: number) => ({
  strategy,
  at: trades ? "2025-03-13T18:00:00Z" : null,
  trades,
  needed: 20,
  missing: Math.max(0, 20 - trades),
  wins: Math.floor(trades / 2),
  realized_pnl: trades ? "-942.0700" : null,
  mean_roi: null,
  sharpe: null,
  max_drawdown: null,
  mean_hold_seconds: trades ? 4009.8 : null,
  weight: 0.5,
  votes: trades ? 400 : 0,
  hits: trades ? 100 : 0,
});
const limits = {
  "learning.rule": "ewma",
  "learning.min_trades": "20",
  "learning.cycle_sessions": "1",
  "learning.max_shift": "0.1",
  "learning.floor": "0.05",
};

function open(more: { role?: string; changes?: object[]; list?: object[] } = {}) {
  const { role = "owner", changes = [seed], list = strategies } = more;
  return shown(<Strategies />, [
    [["me"], { name: "ada", role, run: "r", live: true }],
    [["strategies"], list],
    [["limits"], limits],
    [["strategy", "momentum", "metrics"], metrics("momentum", 53)],
    [["strategy", "news_driven", "metrics"], metrics("news_driven", 0)],
    [["strategy", "momentum", "history"], changes],
    [["strategy", "news_driven", "history"], [seed]],
  ]);
}

const card = async (name: string) => within(await screen.findByRole("region", { name }));

describe("a strategy's card", () => {
  it("has its figures, and the coming weight with its day", async () => {
    open();
    const momentum = await card("Momentum");
    expect(momentum.getByText("50.0 %")).toBeTruthy();
    expect(momentum.getByText("48.1 %").parentElement?.textContent).toContain(
      `Coming: 48.1${SP}% (${M}1.9 pt) from 1`,
    );
    expect(momentum.getByText(`${M}942.07`).className).toBe("delta loss");
    expect(momentum.getByText("49.1").parentElement?.parentElement?.textContent).toBe("49.1 of 53");
    expect(momentum.getByText("25.0")).toBeTruthy(); // hit rate
    expect(momentum.getByText("learning needs 20")).toBeTruthy();
  });

  it("says why a figure is not there, and how many trades learning still wants", async () => {
    open();
    const news = await card("News driven");
    expect(news.getAllByText("needs a closed trade, has none")).toHaveLength(3);
    expect(news.getByText("needs a judged vote, has none")).toBeTruthy();
    expect(news.getByText("20 more until learning weighs it")).toBeTruthy();
    const meter = news.getByRole("meter", { name: /Closed trades/ });
    expect(meter.getAttribute("aria-valuenow")).toBe("0");
  });
});

describe("adjustments", () => {
  it("wait, and say for what, until a weight has changed", async () => {
    open();
    const log = await card("Adjustments");
    expect(log.getByText("No adjustment yet")).toBeTruthy();
    expect(log.getByText(/20 closed trades: News driven has 0\./)).toBeTruthy();
    expect(await screen.findByText("No weight has changed yet")).toBeTruthy();
  });

  it("name what bound them, and are neutral in colour", async () => {
    open({ changes: [moved, seed] });
    const log = await card("Adjustments");
    const row = within(log.getAllByRole("row")[1] as HTMLElement);
    expect(row.getByText(`${M}1.9`).className).not.toMatch(/gain|loss|delta/);
    expect(row.getByText("Moves at most 10.0 pt a cycle", { selector: ".badge" })).toBeTruthy();
    expect(row.getByText("Reward 0.84 after 17 outcomes")).toBeTruthy();
    expect(row.getByText("2")).toBeTruthy();
    const chart = await card("Weight history");
    expect(chart.getByText(/Momentum from 50\.0.% to 48\.1.%/)).toBeTruthy();
  });
});

describe("a strategy's switch", () => {
  let patch: ReturnType<typeof vi.fn>;
  beforeEach(() => {
    patch = vi.fn().mockResolvedValue({ data: { command: "cmd-1" } });
    vi.spyOn(api, "PATCH").mockImplementation(patch as never);
    vi.spyOn(api, "GET").mockResolvedValue({ data: { strategies } } as never);
  });
  afterEach(() => vi.useRealTimers());

  const find = () => screen.findByRole("switch", { name: "Momentum is heard" });

  it("is for owners, and says so", async () => {
    open({ role: "trader" });
    const found = (await find()) as HTMLButtonElement;
    expect(found.disabled).toBe(true);
    expect(found.title).toMatch(/owner/);
  });

  it("asks first, and is pending until the list shows it", async () => {
    const { client } = open();
    const user = userEvent.setup();
    await user.click(await find());
    expect(patch).not.toHaveBeenCalled();
    expect(screen.getByText(/stands still at 50\.0/)).toBeTruthy();
    await user.type(screen.getByRole("textbox"), "too eager");
    await user.click(screen.getByRole("button", { name: "Switch off" }));
    const [path, sent] = patch.mock.calls[0] as [string, Record<string, never>];
    expect(path).toBe("/api/strategies/{id}");
    expect(sent).toMatchObject({
      body: { active: false, why: "too eager" },
      params: { path: { id: "momentum" }, header: { "Idempotency-Key": expect.any(String) } },
    });
    expect(await screen.findByText("Switching off...")).toBeTruthy();
    const found = (await find()) as HTMLButtonElement;
    expect(found.getAttribute("aria-checked")).toBe("true"); // it shows what is
    expect(found.disabled).toBe(true);
    const off = strategies.map((each, n) => (n ? each : { ...each, active: false }));
    act(() => client.setQueryData(["strategies"], off));
    expect((await find()).getAttribute("aria-checked")).toBe("false");
    await waitFor(() => expect(screen.queryByText("Switching off...")).toBeNull());
  });

  it("says why it was refused", async () => {
    patch.mockRejectedValue(new ApiProblem(409, { detail: "The day was played to its end." }));
    open();
    const user = userEvent.setup();
    await user.click(await find());
    await user.click(screen.getByRole("button", { name: "Switch off" }));
    expect((await screen.findByRole("alert")).textContent).toContain("played to its end");
  });

  it("gives up after half a minute, in words", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    open();
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    await user.click(await find());
    await user.click(screen.getByRole("button", { name: "Switch off" }));
    await screen.findByText("Switching off...");
    await act(() => vi.advanceTimersByTimeAsync(31_000));
    expect(screen.getByText(/not seen to change for half a minute/)).toBeTruthy();
    expect(((await find()) as HTMLButtonElement).disabled).toBe(false);
  });

  it("warns before nothing is heard any more", async () => {
    open({ list: strategies.map((each, n) => (n ? { ...each, active: false } : each)) });
    await userEvent.setup().click(await find());
    expect(screen.getByText(/only strategy that is heard/)).toBeTruthy();
  });
});
