import { describe, expect, it } from "vitest";

import { few, fine, growthOf, span } from "./growth";

const point = (at: string, equity: string) => ({ at, equity, returned: null, exposure: null });

describe("growth of 100", () => {
  it("begins at 100 the day before the first session", () => {
    const { growth, down } = growthOf(
      [point("2025-03-12", "1010000.0000"), point("2025-03-13", "999900.0000")],
      "1000000.0000",
    );
    expect(growth.map(({ value }) => Math.round(value * 100) / 100)).toEqual([100, 101, 99.99]);
    expect(new Date((growth[0]?.time ?? 0) * 1000).toISOString()).toBe("2025-03-11T12:00:00.000Z");
    expect(down.map(({ value }) => value)).toEqual([0, 0, 999_900 / 1_010_000 - 1]);
  });

  it("does not add a start that the curve has itself", () => {
    const { growth } = growthOf(
      [point("2025-03-12T13:35:00Z", "100.0000"), point("2025-03-12T13:40:00Z", "90.0000")],
      "100.0000",
    );
    expect(growth.map(({ value }) => value)).toEqual([100, 90]);
  });

  it("takes the later of two points of one moment", () => {
    const at = "2025-03-14T20:00:00Z";
    const { growth } = growthOf([point(at, "100.0000"), point(at, "110.0000")], "100.0000");
    expect(growth.map(({ value }) => Math.round(value))).toEqual([110]);
  });

  it("is empty without points, or without capital", () => {
    expect(growthOf([], "100.0000").growth).toEqual([]);
    expect(growthOf([point("2025-03-12", "1.0000")], "0.0000").growth).toEqual([]);
  });

  it("is drawn finely for a week, and its yearly figures are doubted for a month", () => {
    expect(span("2025-03-12", "2025-03-12")).toBe(1);
    expect(fine("2025-03-12", "2025-03-18")).toBe(true);
    expect(fine("2025-03-12", "2025-03-19")).toBe(false);
    expect(few("2025-03-01", "2025-03-28")).toBe(false);
    expect(few("2025-03-12", "2025-03-14")).toBe(true);
  });
});
