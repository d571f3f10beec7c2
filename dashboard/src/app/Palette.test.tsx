import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useLocation } from "react-router";
import { describe, expect, it, vi } from "vitest";

import { shown } from "../test/render";
import { Palette } from "./Palette";

function Where() {
  return <output>{useLocation().pathname}</output>;
}

function open(role = "owner") {
  const onClose = vi.fn();
  const onHalt = vi.fn();
  shown(
    <>
      <Palette onClose={onClose} onHalt={onHalt} />
      <Where />
    </>,
    [
      [["me"], { role, live: true }],
      [["positions"], [{ ticker: "AAPL", qty: 1 }]],
    ],
  );
  return {
    onClose,
    onHalt,
    type: (keys: string) => userEvent.type(screen.getByRole("combobox"), keys),
  };
}

describe("the palette", () => {
  it("goes to a page by a few letters and Enter", async () => {
    const { type, onClose } = open();
    await type("back{Enter}");
    expect(screen.getByRole("status").textContent).toBe("/backtests");
    expect(onClose).toHaveBeenCalledOnce();
  });

  it("goes by the arrows, round and round", async () => {
    const { type } = open();
    await type("{ArrowDown}");
    expect(screen.getByRole("option", { selected: true }).textContent).toContain("Trades");
    await type("{ArrowUp}{ArrowUp}");
    const options = screen.getAllByRole("option");
    expect(options.at(-1)?.getAttribute("aria-selected")).toBe("true");
  });

  it("knows what is held, and opens any ticker", async () => {
    const { type } = open();
    expect(screen.getByRole("option", { name: /AAPL/ })).toBeTruthy();
    await type("brk.b{Enter}");
    expect(screen.getByRole("status").textContent).toBe("/tickers/BRK.B");
  });

  it("opens the Halt dialog for who may use it", async () => {
    const { type, onHalt } = open("trader");
    await type("flatt{Enter}");
    expect(onHalt).toHaveBeenCalledOnce();
  });

  it("has no control for a viewer, and says when there is nothing", async () => {
    const { type } = open("viewer");
    expect(screen.queryByRole("option", { name: /Halt/ })).toBeNull();
    await type("???");
    expect(screen.getByText("Nothing of that name.")).toBeTruthy();
  });
});
