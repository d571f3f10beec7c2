import { describe, expect, it } from "vitest";

import { bodyOf, checked, fieldErrors, formOf, searchOf } from "./asked";

const DAYS = ["2025-03-12", "2025-03-13", "2025-03-14"];
const IDS = ["momentum", "mean_reversion"];
const UNSET = {
  first: "2025-03-12",
  last: "2025-03-14",
  capital: null,
  slippage_bps: null,
  learning: null,
  commission: null,
};
const blank = formOf(new URLSearchParams(), DAYS, IDS);

describe("a backtest's form", () => {
  it("begins with all days, weights alike, and the settings", () => {
    expect(blank.first).toBe("2025-03-12");
    expect(blank.last).toBe("2025-03-14");
    expect(blank.weights).toEqual({ momentum: 50, mean_reversion: 50 });
    expect(bodyOf(blank)).toEqual(UNSET);
    expect(checked(blank, DAYS)).toEqual({});
  });

  it("comes back from the URL of a run as it was asked for", () => {
    const asked = {
      first: "2025-03-13",
      last: "2025-03-14",
      capital: 250_000,
      slippage_bps: 0,
      learning: "hedge" as const,
      commission: "none" as const,
      weights: { momentum: 0.7, mean_reversion: 0.3 },
    };
    const form = formOf(new URLSearchParams(searchOf(asked)), DAYS, IDS);
    expect(bodyOf(form)).toEqual(asked);
  });

  it("forgets rules and strategies that are not known", () => {
    const search = new URLSearchParams("learning=magic&weights=gone:1&commission=?");
    expect(bodyOf(formOf(search, DAYS, IDS))).toEqual(UNSET);
  });

  it("says what is amiss at each field", () => {
    expect(checked({ ...blank, first: "2025-03-15" }, DAYS)["first"]).toMatch("no session");
    expect(checked({ ...blank, first: DAYS[2] ?? "", last: DAYS[0] ?? "" }, DAYS)["last"]).toMatch(
      "before the first",
    );
    expect(checked({ ...blank, capital: "12.5" }, DAYS)["capital"]).toMatch("Whole dollars");
    expect(checked({ ...blank, capital: "0" }, DAYS)["capital"]).toMatch("from 1");
    expect(checked({ ...blank, capital: "1,000" }, DAYS)).toEqual({});
    expect(checked({ ...blank, slippage: "1001" }, DAYS)["slippage_bps"]).toMatch("1,000");
    expect(checked({ ...blank, slippage: "-1" }, DAYS)["slippage_bps"]).toBeDefined();
  });

  it("puts the API's words at its fields", () => {
    expect(fieldErrors({ first: "not archived", "weights.momentum": "too large." })).toEqual({
      first: "Not archived.",
      weights: "Too large.",
    });
  });
});
