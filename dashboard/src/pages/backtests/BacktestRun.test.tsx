import { screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { describe, expect, it, vi } from "vitest";

import { type Answers, shown } from "../../test/render";
import BacktestRun from "./BacktestRun";
import { betterOf, METRICS } from "./metrics";
import { differing, labelsOf, parametersOf, type Run } from "./runs";
import { answers, DAYS, FIGURES, finished, running } from "./testdata";

vi.mock("../../charts/BacktestChart", () => ({
  default: ({ says, lines }: { says: string; lines: unknown[] }) => (
    <figure>
      {says} {lines.length} drawn
    </figure>
  ),
}));

const points = [{ at: "2025-03-12T13:35:00Z", equity: "1000000.0000" }];
const trip = {
  ticker: "CRM",
  qty: 141,
  opened: "2025-03-12T13:45:00Z",
  closed: "2025-03-12T14:00:00Z",
  entry: "353.5554",
  exit: "354.0745",
  pnl: "-70.3731",
  fees: "2.8200",
  seconds: 900,
  by: "take_profit",
  credit: { momentum: 1.24, news_driven: -0.24 },
};

const of = (run: Run): Answers => [
  [["backtest", run.run_id], run],
  [["backtest", run.run_id, "equity", "curve"], points],
  [
    ["backtest", run.run_id, "trades"],
    { pages: [{ trades: [trip], cursor: "more" }], pageParams: [""] },
  ],
];

function page(runs: readonly Run[], path: string, role: "viewer" | "trader" = "trader") {
  return shown(
    <Routes>
      <Route path="/backtests/:runId" element={<BacktestRun />} />
    </Routes>,
    [...answers({ backtests: [...runs], days: DAYS }, role), ...runs.flatMap(of)],
    path,
  );
}

const other = (): Run => {
  const run = finished("job-4", { sharpe: 1.72, sortino: 4.42, max_drawdown: -0.0021 });
  return { ...run, asked: { ...(run.asked as NonNullable<Run["asked"]>), slippage_bps: 10 } };
};

describe("a backtest", () => {
  it("says how far it is, and may be ended by a trader only", () => {
    page([running()], "/backtests/job-2", "viewer");
    expect(screen.getByRole("progressbar").getAttribute("aria-valuetext")).toEqual(
      expect.stringMatching(/25.*100 of 400 bars.*about 6/),
    );
    expect(screen.getByRole("button", { name: "Cancel" })).toHaveProperty("disabled", true);
    expect(screen.getByRole("button", { name: "Run again" })).toHaveProperty("disabled", true);
  });

  it("says why it failed, as text", () => {
    const run: Run = { ...running(), status: "failed", error: "<b>no bars</b>" };
    page([run], "/backtests/job-2");
    expect(screen.getByRole("alert")).toHaveProperty(
      "textContent",
      expect.stringContaining("<b>no bars</b>"),
    );
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it("shows figures with their formula, and why one is undefined", async () => {
    page([finished()], "/backtests/job-1");
    const sharpe = screen.getByRole("row", { name: /^Sharpe/ });
    expect(sharpe.getAttribute("title")).toEqual(expect.stringContaining("root of 252"));
    expect(sharpe).toHaveProperty("textContent", expect.stringContaining("35.83"));
    expect(screen.getByRole("row", { name: /^Sortino/ })).toHaveProperty(
      "textContent",
      expect.stringContaining("no session lost"),
    );
    expect(await screen.findByText(/This run ends at 101.6, buy and hold at 100.8/)).toBeTruthy();
  });

  it("shows months, credits, denials and trades with their signs", () => {
    page([finished()], "/backtests/job-1");
    const months = screen.getByRole("region", { name: "Table of monthly returns" });
    expect(within(months).getByText("+1.6")).toBeTruthy();
    expect(within(months).getAllByText("−2.0")[0]).toBeTruthy();
    expect(screen.getByText("−8,435.04")).toBeTruthy();
    expect(screen.getAllByRole("listitem")[0]).toHaveProperty(
      "textContent",
      expect.stringContaining("NO_POSITION"),
    );
    const trades = screen.getByRole("region", { name: "Table of closed trades" });
    expect(trades).toHaveProperty("textContent", expect.stringContaining("−70.37"));
    expect(trades).toHaveProperty("textContent", expect.stringContaining("Take-profit"));
    expect(screen.getByRole("button", { name: "Show more" })).toHaveProperty("disabled", false);
  });

  it("is run again with the form filled in", () => {
    page([other()], "/backtests/job-4");
    const link = screen.getByRole("link", { name: "Run again" });
    expect(link.getAttribute("href")).toMatch(/new=1&first=2025-03-12.*slippage_bps=10/);
  });

  it("is put beside another one, the better marked by a word", async () => {
    page([finished(), other()], "/backtests/job-1?with=job-4");
    expect(await screen.findByText(/2 drawn/)).toBeTruthy();
    const sharpe = screen.getByRole("row", { name: /^Sharpe/ });
    const cells = within(sharpe).getAllByRole("cell");
    expect(cells[0]).toHaveProperty("textContent", expect.stringContaining("better"));
    expect(cells[1]).not.toHaveProperty("textContent", expect.stringContaining("better"));
    expect(screen.getByText("differs")).toBeTruthy();
    expect(screen.getByRole("combobox", { name: "Compare with" })).toHaveProperty("value", "job-4");
  });

  it("says that another one has nothing to compare", () => {
    page([finished(), running()], "/backtests/job-1?with=job-2");
    expect(screen.getByText(/no figures to compare/)).toBeTruthy();
  });

  it("of the command line says so, and cannot be asked again", () => {
    const run: Run = { ...finished(), asked: null, who: "" };
    page([run], "/backtests/job-1");
    expect(screen.getByRole("button", { name: "Run again" })).toHaveProperty("disabled", true);
    expect(screen.getByText("By the command line, with its own settings")).toBeTruthy();
  });
});

describe("two backtests", () => {
  const metric = (name: string) => {
    const found = METRICS.flat().find((each) => each.name === name);
    if (!found) throw new Error(name);
    return found;
  };

  it("are compared by figures as they are shown", () => {
    const low = { ...FIGURES, volatility: 0.01, max_drawdown: -0.2, mean_loss: null };
    expect(betterOf(metric("Volatility"), FIGURES, low)).toBe(1);
    expect(betterOf(metric("Max drawdown"), FIGURES, low)).toBe(0);
    expect(betterOf(metric("Mean loss"), FIGURES, low)).toBeNull();
    expect(betterOf(metric("Fills"), FIGURES, low)).toBeNull();
    const close = { ...FIGURES, sharpe: 35.8261 };
    expect(betterOf(metric("Sharpe"), FIGURES, close)).toBeNull();
  });

  it("are called by the first thing in which they differ", () => {
    expect(labelsOf(finished(), other(), { "fills.slippage_bps": "1" })).toEqual(["1 bp", "10 bp"]);
    expect(labelsOf(finished(), finished(), undefined)).toEqual(["This run", "The other"]);
    const own = parametersOf(finished(), undefined);
    expect([...differing(own, parametersOf(other(), undefined))]).toEqual(["Slippage"]);
  });
});
