import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { shown } from "../../test/render";
import { ToldList, toldWords } from "./ToldList";

const told = (changes: Partial<Schemas["Told"]> = {}): Schemas["Told"] => ({
  id: "bro-1",
  at: "2025-03-12T15:17:00Z",
  told_at: null,
  broker: "alpaca",
  kind: "order",
  status: "ACCEPTED",
  qty: 0,
  price: null,
  commission: "0.0000",
  reason: "",
  broker_order_id: "904837e3",
  execution_id: "",
  ...changes,
});
const fill = told({
  id: "bro-2",
  kind: "fill",
  status: "PARTIALLY_FILLED",
  qty: 30,
  price: "99.5",
});

describe("an order's life at a broker", () => {
  it("is told in words, in order", () => {
    const end = told({ id: "bro-3", status: "REJECTED", reason: "no shares to borrow" });
    shown(<ToldList told={[told(), fill, end]} at="2025-03-12T15:17:00Z" />);
    const list = screen.getByRole("list", { name: "What Alpaca said of the order" });
    const items = within(list)
      .getAllByRole("listitem")
      .map((item) => item.textContent);
    expect(items[0]).toMatch(/Accepted$/);
    expect(items[1]).toMatch(/30 at 99\.5000$/);
    expect(items[2]).toMatch(/Rejected: no shares to borrow$/);
  });

  it("says so where nobody knows whether it is there", () => {
    expect(toldWords(told({ status: "UNKNOWN", reason: "no answer" }))).toBe(
      "Nobody knows whether it is there: no answer",
    );
  });

  it("is nothing on paper", () => {
    const { container } = shown(<ToldList told={[]} at={undefined} />);
    expect(container.textContent).toBe("");
  });
});
