import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { api } from "../api/client";
import { ApiProblem } from "../api/session";
import { shown } from "../test/render";
import { HaltDialog } from "./HaltDialog";

const account = {
  account: "paper",
  state: "ACTIVE",
  positions: 2,
  positions_value: "457102.8100",
  exposure: "457102.8100",
  equity: "1000000.0000",
  unrealized_pnl: "4647.8500",
};
const held = [
  { ticker: "AAPL", qty: 100, price: "50.0000", stop_loss: "48.0000" },
  { ticker: "MSFT", qty: 10, price: "300.0000", stop_loss: null },
];
const closes = [
  { ticker: "AAPL", qty: 100, proceeds: "5000.0000", unrealized_pnl: "10.0000" },
  { ticker: "MSFT", qty: 10, proceeds: "3000.0000", unrealized_pnl: "-30.0000" },
];

function open(state = "ACTIVE", role = "owner") {
  return shown(<HaltDialog onClose={() => undefined} />, [
    [["me"], { name: "ada", role, run: "r", live: true }],
    [["portfolio"], { ...account, state }],
    [["positions"], held],
    [["controls"], { state, closes, flatten_proceeds: "8000.0000" }],
    [["limits"], { "risk.max_exposure_bps": "8000" }],
  ]);
}

const choice = (name: string) => within(screen.getByRole("region", { name: new RegExp(name) }));

describe("the Halt dialog", () => {
  let post: ReturnType<typeof vi.fn>;
  beforeEach(() => {
    post = vi.fn();
    vi.spyOn(api, "POST").mockImplementation(post as never);
    post.mockResolvedValue({ data: { command: "cmd-1" } } as never);
  });

  it("says each choice's effect in numbers", () => {
    open();
    expect(choice("^Pause").getByText("2 stay, 1 without a stop")).toBeTruthy();
    expect(choice("^Pause").getByText("$342,897")).toBeTruthy(); // 80 % of equity less what is held
    expect(choice("^Halt").getByText("$200")).toBeTruthy(); // 100 shares, 2 dollars to the stop
    expect(choice("^Flatten").getByText("about $8,000")).toBeTruthy();
    expect(choice("^Flatten").getByText("\u221220.00")).toBeTruthy();
    expect(screen.getByText("Stops still sell.")).toBeTruthy();
  });

  it("is pending until the event of its own command is back", async () => {
    const { live } = open();
    await userEvent.click(screen.getByRole("button", { name: "Halt trading" }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Halting..." })).toBeTruthy());
    expect(post).toHaveBeenCalledOnce();
    expect(post.mock.calls[0]?.[0]).toBe("/api/controls/halt");
    act(() => live.tell("trading.states", { command_id: "cmd-of-another", new: "PAUSED" }));
    expect(screen.getByRole("button", { name: "Halting..." })).toBeTruthy();
    act(() => live.tell("trading.states", { command_id: "cmd-1", new: "HALTED" }));
    expect(screen.getByRole("button", { name: "Halt trading" })).toBeTruthy();
  });

  it("gives each request a key of its own, and passes on why", async () => {
    const { live } = open();
    await userEvent.type(screen.getByLabelText(/^Why/), "lunch");
    for (const name of ["Reduce", "Pause entries"]) {
      await userEvent.click(screen.getByRole("button", { name }));
      await waitFor(() => expect(post).toHaveBeenCalled());
      act(() => live.tell("trading.states", { command_id: "cmd-1" }));
    }
    const sent = post.mock.calls.map(([, more]) => more as never) as {
      params: { header: Record<string, string> };
      body: { why: string };
    }[];
    expect(sent.map(({ body }) => body.why)).toEqual(["lunch", "lunch"]);
    expect(new Set(sent.map(({ params }) => params.header["Idempotency-Key"])).size).toBe(2);
  });

  it("flattens only after the word, letter by letter", async () => {
    open();
    const flatten = () => screen.getByRole<HTMLButtonElement>("button", { name: "Flatten all" });
    expect(flatten().disabled).toBe(true);
    await userEvent.type(screen.getByLabelText(/Type/), "flatten");
    expect(flatten().disabled).toBe(true);
    await userEvent.clear(screen.getByLabelText(/Type/));
    await userEvent.type(screen.getByLabelText(/Type/), "FLATTEN");
    expect(flatten().disabled).toBe(false);
  });

  it("offers to resume where trading is not active, and not the state that holds", () => {
    open("HALTED");
    expect(screen.getByRole("button", { name: "Resume trading" })).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Halt trading" }).disabled).toBe(
      true,
    );
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Reduce" }).disabled).toBe(false);
  });

  it("says to a viewer who may", () => {
    open("ACTIVE", "viewer");
    expect(screen.getByText(/Your role is viewer/)).toBeTruthy();
    for (const name of ["Pause entries", "Reduce", "Halt trading", "Flatten all"]) {
      expect(screen.getByRole<HTMLButtonElement>("button", { name }).disabled).toBe(true);
    }
  });

  it("says the API's refusal", async () => {
    const detail = "The run has been played to its end.";
    post.mockRejectedValue(new ApiProblem(409, { detail, code: "RUN_ENDED" }));
    open();
    await userEvent.click(screen.getByRole("button", { name: "Halt trading" }));
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain(detail));
    expect(screen.getByRole("button", { name: "Halt trading" })).toBeTruthy();
  });

  it("does not wait for ever for an event", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    open();
    screen.getByRole("button", { name: "Halt trading" }).click();
    await vi.waitFor(() => expect(screen.getByRole("button", { name: "Halting..." })).toBeTruthy());
    act(() => vi.advanceTimersByTime(30_000));
    expect(screen.getByRole("alert").textContent).toContain("nothing was heard of it");
    vi.useRealTimers();
  });

  it("takes an event that came before the answer that names it", async () => {
    let give: (answer: unknown) => void = () => undefined;
    post.mockReturnValue(new Promise((resolve) => (give = resolve)));
    const { live } = open();
    await userEvent.click(screen.getByRole("button", { name: "Halt trading" }));
    act(() => live.tell("trading.states", { command_id: "cmd-1", new: "HALTED" }));
    await act(async () => give({ data: { command: "cmd-1" } }));
    expect(screen.queryByRole("button", { name: "Halting..." })).toBeNull();
    expect(screen.getByRole("button", { name: "Halt trading" })).toBeTruthy();
  });

  it("asks again with the same key after a lost answer, and with another after a refusal", async () => {
    post.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    post.mockRejectedValueOnce(new ApiProblem(429, { detail: "Too many." }));
    open();
    for (let times = 1; times <= 3; times += 1) {
      await userEvent.click(screen.getByRole("button", { name: "Halt trading" }));
      await waitFor(() => expect(post).toHaveBeenCalledTimes(times));
    }
    const keys = post.mock.calls.map(
      ([, more]) =>
        (more as { params: { header: Record<string, string> } }).params.header["Idempotency-Key"],
    );
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[1]);
  });

  it("waits with a flatten until nothing is held, and says what was denied", async () => {
    const { live } = open();
    await userEvent.type(screen.getByLabelText(/Type/), "FLATTEN");
    await userEvent.click(screen.getByRole("button", { name: "Flatten all" }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Flattening..." })).toBeTruthy());
    act(() => live.tell("trading.states", { command_id: "cmd-1", new: "REDUCING" }));
    expect(screen.getByRole("button", { name: "Flattening..." })).toBeTruthy();
    const denied = { command_id: "cmd-1", accepted: false, ticker: "AAPL", code: "MARKET_CLOSED" };
    act(() => live.tell("trade.decisions", denied));
    expect(screen.getByRole("alert").textContent).toContain("AAPL (Market closed)");
  });

  it("invents nothing where the positions are not known", () => {
    shown(<HaltDialog onClose={() => undefined} />, [
      [["me"], { name: "ada", role: "owner", run: "r", live: true }],
      [["portfolio"], { ...account, positions: 5 }],
    ]);
    expect(choice("^Pause").getByText("5 stay")).toBeTruthy();
    expect(screen.queryByText(/stops active/)).toBeNull();
    expect(choice("^Halt").getByText("\u2014")).toBeTruthy();
  });
});
