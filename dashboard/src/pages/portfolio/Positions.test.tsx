import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { ApiProblem } from "../../api/session";
import { shown } from "../../test/render";
import { Positions } from "./Positions";

const position = (ticker: string, more: object = {}) => ({
  ticker,
  qty: 100,
  avg_entry: "50.0000",
  cost: "5000.0000",
  price: "52.0000",
  price_at: "2025-03-12T19:14:00Z",
  value: "5200.0000",
  unrealized_pnl: "200.0000",
  unrealized_pct: 4,
  stop_loss: "48.8800",
  take_profit: null,
  trail: null,
  opened_at: "2025-03-12T18:15:00Z",
  ...more,
});
const held = [
  position("AAPL"),
  position("MSFT", {
    value: "9000.0000",
    unrealized_pnl: "-30.0000",
    unrealized_pct: -0.3,
    opened_at: null,
    stop_loss: null,
  }),
];

function open({ positions = held, role = "trader", path = "/" } = {}) {
  vi.spyOn(api, "GET").mockReturnValue(new Promise(() => undefined) as never);
  return shown(
    <Positions />,
    [
      [["me"], { name: "ada", role, run: "r", live: false }],
      [["portfolio"], { as_of: "2025-03-12T19:15:00Z" }],
      [["positions"], positions],
      [["limits"], { "risk.max_positions": "20" }],
      [["system"], { ended: false }],
      [
        ["controls"],
        {
          session: "open",
          closes: [{ ticker: "AAPL", qty: 100, proceeds: "5198.0000", unrealized_pnl: "198.0000" }],
        },
      ],
    ],
    path,
  );
}

const rows = () => screen.getAllByRole("row").slice(1, -1);
const tickers = () => rows().map((row) => within(row).getAllByRole("link")[0]?.textContent);
const closeAapl = () => screen.getByRole("button", { name: /^(Close|Closing) AAPL/ });

describe("open positions", () => {
  it("say what is not there, and count against the limit", () => {
    open();
    expect(screen.getByText("2 of 20")).toBeTruthy();
    expect(screen.getAllByText("No target is set")).toHaveLength(2);
    expect(screen.getByText("No stop is set")).toBeTruthy();
    expect(screen.getByText(/No fill that opened it/)).toBeTruthy();
    expect(screen.getByText("1 h")).toBeTruthy(); // by the run's clock
    expect(screen.getByText("6.0")).toBeTruthy(); // per cent of the price to the stop
  });

  it("are sorted as the address says, and by a click on a head", async () => {
    open();
    expect(tickers()).toEqual(["MSFT", "AAPL"]); // by value
    const head = screen.getByRole("columnheader", { name: /Unrealised \$/ });
    await userEvent.click(within(head).getByRole("button"));
    expect(head.getAttribute("aria-sort")).toBe("descending");
    expect(tickers()).toEqual(["AAPL", "MSFT"]);
    await userEvent.click(within(head).getByRole("button"));
    expect(head.getAttribute("aria-sort")).toBe("ascending");
    expect(tickers()).toEqual(["MSFT", "AAPL"]);
  });

  it("take the order of the address, and keep what has no value last", () => {
    open({ path: "/?sort=room" });
    expect(tickers()).toEqual(["AAPL", "MSFT"]);
  });

  it("add up to a total of value, gain and its part of the cost", () => {
    open();
    const total = within(screen.getAllByRole("row").at(-1) as HTMLElement);
    expect(total.getByText("14,200.00")).toBeTruthy();
    expect(total.getByText("+170.00")).toBeTruthy();
    expect(total.getByText("+1.70")).toBeTruthy();
  });

  it("name the next step where nothing is held", () => {
    open({ positions: [] });
    expect(screen.getByText("Nothing is held")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Trades" })).toBeTruthy();
  });
});

describe("closing a position", () => {
  let post: ReturnType<typeof vi.fn>;
  beforeEach(() => {
    post = vi.fn().mockResolvedValue({ data: { command: "cmd-1" } });
    vi.spyOn(api, "POST").mockImplementation(post as never);
  });
  const confirm = async () => {
    await userEvent.click(closeAapl());
    await userEvent.click(screen.getByRole("button", { name: "Sell 100 AAPL" }));
  };

  it("asks first, with the API's estimate", async () => {
    open();
    await userEvent.click(closeAapl());
    const dialog = within(screen.getByRole("alertdialog", { name: "Close AAPL" }));
    expect(dialog.getByText("about $5,198")).toBeTruthy();
    expect(dialog.getByText("+198.00")).toBeTruthy();
    expect(document.activeElement?.textContent).toBe("Keep it");
    await userEvent.click(dialog.getByRole("button", { name: "Keep it" }));
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect(post).not.toHaveBeenCalled();
  });

  it("is closing until its own decision is back and the position is gone", async () => {
    const { live, client } = open();
    await confirm();
    await waitFor(() => expect(closeAapl().textContent).toBe("Closing..."));
    expect(post.mock.calls[0]?.[1].body).toEqual({ ticker: "AAPL", why: "" });
    act(() => live.tell("trade.decisions", { signal_id: "cmd-9", accepted: false, code: "X" }));
    expect(closeAapl().textContent).toBe("Closing...");
    act(() => live.tell("trade.decisions", { signal_id: "cmd-1", accepted: true }));
    expect(closeAapl().textContent).toBe("Closing..."); // the order is out, not filled
    act(() => void client.setQueryData(["positions"], [held[1]]));
    await waitFor(() => expect(tickers()).toEqual(["MSFT"]));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says a denial with its numbers", async () => {
    const { live } = open();
    await confirm();
    await waitFor(() => expect(closeAapl().textContent).toBe("Closing..."));
    const told = { code: "MARKET_CLOSED", limit: "regular session", actual: "closed" };
    act(() => live.tell("trade.decisions", { signal_id: "cmd-1", accepted: false, ...told }));
    expect(screen.getByRole("alert").textContent).toBe(
      "AAPL was not closed. Denied. Market closed: allowed is regular session, it was closed.",
    );
    expect(closeAapl().textContent).toBe("Close");
  });

  it("says the API's refusal", async () => {
    const detail = "The run has been played to its end.";
    post.mockRejectedValue(new ApiProblem(409, { detail, code: "RUN_ENDED" }));
    open();
    await confirm();
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain(detail));
  });

  it("is not for a viewer, and says why", () => {
    open({ role: "viewer" });
    expect((closeAapl() as HTMLButtonElement).disabled).toBe(true);
    expect(closeAapl().title).toContain("Your role is viewer");
  });
});
