import { describe, expect, it } from "vitest";

import { decisionsAsked, filtersOf, isNarrowed, isTicker, tradesAsked } from "./filters";

const of = (query: string) => filtersOf(new URLSearchParams(query));

describe("the filters of an address", () => {
  it("leave out what the API would refuse", () => {
    const filters = of("show=nonsense&ticker=%24%24&from=2025-13&status=LOST&profitable=maybe");
    expect(filters.show).toBe("all");
    expect(isNarrowed(filters)).toBe(false);
  });

  it("take a ticker in small letters", () => {
    expect(of("ticker=brk.b").ticker).toBe("BRK.B");
    expect(isTicker("BRK.B")).toBe(true);
    expect(isTicker("A B")).toBe(false);
  });

  it("ask for whole days of the reader's zone, the last included", () => {
    const asked = decisionsAsked(of("from=2025-03-12&to=2025-03-12"));
    expect(asked.since).toBe(new Date(2025, 2, 12).toISOString());
    expect(asked.until).toBe(new Date(2025, 2, 13).toISOString());
  });

  it("ask for denials by their check, folded", () => {
    const asked = decisionsAsked(of("show=denied&code=COOLDOWN&strategy=momentum&profitable=true"));
    expect(asked).toEqual({
      accepted: false,
      code: "COOLDOWN",
      fold: true,
      strategy: "momentum",
    });
  });

  it("ask for fills by status and by profit", () => {
    expect(tradesAsked(of("show=filled&status=REJECTED&profitable=false&ticker=KO"))).toEqual({
      profitable: false,
      status: "REJECTED",
      ticker: "KO",
    });
    expect(tradesAsked(of("profitable=true"))).toEqual({});
  });
});
