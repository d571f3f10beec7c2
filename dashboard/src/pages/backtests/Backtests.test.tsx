import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { afterEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { ApiProblem } from "../../api/session";
import { type Answers, shown } from "../../test/render";
import Backtests from "./Backtests";
import { answers, DAYS, finished, running } from "./testdata";

function page(extra: Answers = answers(), path = "/backtests") {
  return shown(
    <Routes>
      <Route path="/backtests" element={<Backtests />} />
      <Route path="/backtests/:runId" element={<p>The run</p>} />
    </Routes>,
    extra,
    path,
  );
}

describe("backtests", () => {
  afterEach(() => vi.restoreAllMocks());

  it("say what to do while the archive has no day", () => {
    page(answers({ backtests: [], days: [] }));
    expect(screen.getByText("No archived day yet")).toBeTruthy();
    expect(screen.getByText(/come back after its session/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "New backtest" })).toHaveProperty("disabled", true);
  });

  it("show the form at once where nothing ran yet", () => {
    page(answers({ backtests: [], days: DAYS }));
    expect(screen.getByRole("form", { name: "New backtest" })).toBeTruthy();
    expect(screen.getByText("No backtest yet")).toBeTruthy();
  });

  it("are for traders: a viewer sees why not", () => {
    page(answers({ backtests: [finished()], days: DAYS }, "viewer"));
    const button = screen.getByRole("button", { name: "New backtest" });
    expect(button).toHaveProperty("disabled", true);
    expect(button.getAttribute("title")).toEqual("A trader or owner can run backtests");
  });

  it("list figures, progress with what is left, and errors", () => {
    const failed = { ...finished("job-3"), status: "failed", figures: null, error: "disk is full" };
    page(answers({ backtests: [running(), finished(), failed], days: DAYS }));
    const rows = screen.getAllByRole("row").slice(1);
    expect(rows).toHaveLength(3);
    const bar = within(rows[0] as HTMLElement).getAllByRole("progressbar")[0];
    expect(bar?.getAttribute("aria-valuenow")).toEqual("25");
    expect(bar?.getAttribute("aria-valuetext")).toEqual(expect.stringContaining("about 6"));
    expect(within(rows[0] as HTMLElement).getByRole("button", { name: "Cancel" })).toHaveProperty(
      "disabled",
      false,
    );
    expect(rows[1]).toHaveProperty("textContent", expect.stringContaining("+1.56"));
    expect(rows[2]).toHaveProperty("textContent", expect.stringContaining("disk is full"));
  });

  it("are cancelled by the API, and pending until it says so", async () => {
    const asked = vi.spyOn(api, "DELETE").mockResolvedValue({ data: running() } as never);
    page(answers({ backtests: [running()], days: DAYS }));
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    const path = { params: { path: { run_id: "job-2" } } };
    expect(asked).toHaveBeenCalledWith("/api/backtest/{run_id}", path);
    expect(await screen.findByText("Cancelling...")).toBeTruthy();
  });

  it("are compared two at a time, chosen in the URL", async () => {
    const runs = [finished("job-1"), finished("job-4"), finished("job-5")];
    page(answers({ backtests: runs, days: DAYS }), "/backtests?compare=job-1");
    const boxes = screen.getAllByRole("checkbox");
    expect(boxes[0]).toHaveProperty("checked", true);
    expect(screen.getByRole("button", { name: "Compare" })).toHaveProperty("disabled", true);
    await userEvent.click(boxes[2] as HTMLElement);
    expect(boxes[1]).toHaveProperty("disabled", true);
    expect(screen.getByRole("link", { name: "Compare the two" }).getAttribute("href")).toEqual(
      "/backtests/job-1?with=job-5",
    );
  });

  it("check the form before the API is asked", async () => {
    const asked = vi.spyOn(api, "POST");
    page(answers(), "/backtests?new=1&capital=12.5");
    await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));
    const capital = screen.getByRole("textbox", {
      name: "Capital $",
      description: /Whole dollars/,
    });
    expect(document.activeElement).toBe(capital);
    expect(asked).not.toHaveBeenCalled();
  });

  it("are asked for once, with a key, and lead to the run", async () => {
    const taken = { data: { run_id: "job-9", status: "queued" } };
    const asked = vi.spyOn(api, "POST").mockResolvedValue(taken as never);
    page(answers(), "/backtests?new=1&first=2025-03-13&slippage_bps=5");
    await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));
    expect(await screen.findByText("The run")).toBeTruthy();
    expect(asked).toHaveBeenCalledOnce();
    const sent = asked.mock.calls[0]?.[1] as unknown as {
      params: { header: Record<string, string> };
      body: unknown;
    };
    expect(sent.params.header["Idempotency-Key"]).toBeTruthy();
    expect(sent.body).toMatchObject({ first: "2025-03-13", last: "2025-03-14", slippage_bps: 5 });
  });

  it("put the API's words at their fields, others above the button", async () => {
    const problem = {
      code: "NOT_ALLOWED",
      detail: "Correct these.",
      fields: { slippage_bps: "too much today", body: "Value error, last is before first" },
    };
    vi.spyOn(api, "POST").mockRejectedValue(new ApiProblem(422, problem));
    page(answers(), "/backtests?new=1");
    await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));
    const named = { name: "Slippage bp", description: "Too much today." };
    expect(await screen.findByRole("textbox", named)).toBeTruthy();
    expect(screen.getByRole("alert")).toHaveProperty(
      "textContent",
      expect.stringContaining("Last is before first."),
    );
  });

  it("keep weights at a hundred while a slider moves", async () => {
    page(answers(), "/backtests?new=1");
    const slider = screen.getByRole("slider", { name: "Momentum weight" });
    fireEvent.change(slider, { target: { value: "80" } });
    expect(slider).toHaveProperty("value", "80");
    expect(screen.getByRole("slider", { name: "News driven weight" })).toHaveProperty(
      "value",
      "20",
    );
    await userEvent.click(screen.getByRole("button", { name: "Lock News driven" }));
    expect(slider).toHaveProperty("disabled", true);
    await userEvent.click(screen.getByRole("button", { name: "Even out" }));
    expect(slider).toHaveProperty("value", "50");
  });
});
