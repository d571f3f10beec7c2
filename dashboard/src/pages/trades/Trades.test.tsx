import type { QueryClient } from "@tanstack/react-query";
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useLocation } from "react-router";
import { describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { shown } from "../../test/render";
import { ANSWERS, bought, decided, denied, refused } from "./samples";
import Trades from "./Trades";

const ALL = ["decisions", { fold: true }];
const pages = (decisions: Schemas["Folded"][], cursor: string | null = null) => ({
  pages: [{ decisions, cursor }],
  pageParams: [""],
});

function Where() {
  const { pathname, search } = useLocation();
  return <output data-testid="where">{pathname + search}</output>;
}

const page = (path: string, answers: [unknown[], unknown][]) =>
  shown(
    <>
      <Trades />
      <Where />
    </>,
    [...answers, ...ANSWERS],
    path,
  );
const where = () => screen.getByTestId("where").textContent;

const LINEAGES: [unknown[], unknown][] = [
  [["lineage", "decision", "dec-1"], bought],
  [["lineage", "decision", "dec-2"], refused],
  [["lineage", "trade", "exe-1"], bought],
];

describe("the list", () => {
  it("folds denials alike into a row, and counts rows and decisions", () => {
    page("/trades", [[ALL, pages([decided(), denied()])]]);
    expect(screen.getByText("COOLDOWN", { selector: ".p2 *" }).title).toContain("27.4 min");
    expect(screen.getByText(/× 6/)).toBeTruthy();
    expect(screen.getByText("7 decisions in 2 rows shown")).toBeTruthy();
  });

  it("shows a denial's two numbers where fills have prices", () => {
    const asked = ["decisions", { fold: true, accepted: false }];
    page("/trades?show=denied", [[asked, pages([denied({ actual: "1438 shares" })])]]);
    expect(screen.getByRole("columnheader", { name: "Found" })).toBeTruthy();
    expect(screen.getByText("1,438 shares")).toBeTruthy();
    expect(screen.queryByRole("columnheader", { name: /Price/ })).toBeNull();
    const csv = screen.getByRole<HTMLButtonElement>("button", { name: "CSV" });
    expect(csv.disabled).toBe(true);
    expect(csv.title).toContain("no fills");
  });

  it("shows fills with what is known beside them", () => {
    const asked = { fold: false, accepted: true, limit: 500 };
    const since = { since: "2025-03-11T15:17:00.000Z", until: "2025-03-12T15:17:01.000Z" };
    page("/trades?show=filled", [
      [["trades", {}], { pages: [{ trades: bought.trades, cursor: null }], pageParams: [""] }],
      [["decisions", { ...asked, ...since }], pages([decided()])],
    ]);
    const row = screen.getByRole("button", { name: /Lineage of buy AAPL/ }).closest("tr");
    expect(row?.textContent).toContain("45.8146");
    expect(row?.textContent).toContain("+1.0");
    expect(row?.textContent).toContain("0.329");
  });

  it("says that filters are why it is empty, and clears them", async () => {
    page("/trades?ticker=KO", [
      [["decisions", { fold: true, ticker: "KO" }], pages([])],
      [ALL, pages([decided()])],
    ]);
    expect(screen.getByText("Nothing matches these filters")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Clear the filters" }));
    expect(where()).toBe("/trades");
    expect(screen.getByRole("button", { name: /Lineage of buy AAPL/ })).toBeTruthy();
  });

  it("keeps filters in the address, and drops those of another kind of list", async () => {
    page("/trades?show=denied&code=COOLDOWN&strategy=momentum", [
      [
        ["decisions", { fold: true, accepted: false, code: "COOLDOWN", strategy: "momentum" }],
        pages([]),
      ],
      [["decisions", { fold: true, strategy: "momentum" }], pages([])],
      [["decisions", { fold: true, strategy: "momentum", ticker: "KO" }], pages([])],
    ]);
    await userEvent.click(screen.getByRole("button", { name: "All" }));
    expect(where()).toBe("/trades?strategy=momentum");
    await userEvent.type(screen.getByRole("textbox", { name: "Ticker" }), "ko");
    await waitFor(() => expect(where()).toBe("/trades?strategy=momentum&ticker=KO"));
  });
});

describe("a row", () => {
  it("opens its lineage by its button, in the address, and closes it", async () => {
    page("/trades", [[ALL, pages([decided(), denied()])], ...LINEAGES]);
    const button = screen.getByRole("button", { name: /Lineage of buy AAPL at \d\d:10:00/ });
    await userEvent.click(button);
    expect(where()).toBe("/trades?open=dec-2");
    expect(button.getAttribute("aria-expanded")).toBe("true");
    const detail = document.getElementById(button.getAttribute("aria-controls") ?? "");
    expect(detail?.textContent).toContain("6 denials alike");
    await userEvent.click(button);
    expect(where()).toBe("/trades");
    expect(screen.queryByRole("list", { name: /five steps/ })).toBeNull();
  });

  it("opens by the id of its fill, too", () => {
    HTMLElement.prototype.scrollIntoView = () => undefined;
    page("/trades?open=exe-1", [[ALL, pages([decided(), denied()])], ...LINEAGES]);
    expect(screen.queryByRole("region", { name: "Lineage" })).toBeNull();
    expect(screen.getByRole("list", { name: /five steps/ }).closest("tr")).toBeTruthy();
  });

  it("that is not in the list opens in a card above it", async () => {
    page("/trades?open=dec-2", [[ALL, pages([decided()])], ...LINEAGES]);
    const card = screen.getByRole("region", { name: "Lineage" });
    expect(card.textContent).toContain("Buy AAPL");
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(where()).toBe("/trades");
    expect(screen.queryByRole("region", { name: "Lineage" })).toBeNull();
  });
});

describe("what comes meanwhile", () => {
  const fresh = decided({ id: "dec-3", at: "2025-03-12T15:20:00Z", ticker: "KO" });

  const told = (client: QueryClient) =>
    act(async () => {
      client.setQueryData(ALL, pages([fresh, decided()]));
      await new Promise((resolve) => setTimeout(resolve)); // the cache tells in the next turn
    });

  it("flashes once, where no row is open", async () => {
    const { client } = page("/trades", [[ALL, pages([decided()])]]);
    expect(document.querySelector(".flash")).toBeNull();
    await told(client);
    const flashed = [...document.querySelectorAll(".flash")].map((row) => row.textContent);
    expect(flashed).toHaveLength(1);
    expect(flashed[0]).toContain("KO");
  });

  it("waits while a row is open, and is let in by a button", async () => {
    const { client } = page("/trades", [[ALL, pages([decided()])], ...LINEAGES]);
    await userEvent.click(screen.getByRole("button", { name: /Lineage of buy AAPL/ }));
    await told(client);
    expect(screen.queryByRole("button", { name: /Lineage of buy KO/ })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "1 new row" }));
    expect(screen.getByRole("button", { name: /Lineage of buy KO/ })).toBeTruthy();
    expect(screen.getByRole("list", { name: /five steps/ })).toBeTruthy();
  });
});
