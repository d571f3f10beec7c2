import { describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { closesOf, deepest, sentence, stepsOf, winRates } from "./figures";

const point = (at: string, equity: string) => ({ at, equity, cash: "0", positions_value: "0" });
const points = [
  point("2025-03-12T14:00:00Z", "1000.0000"),
  point("2025-03-12T14:05:00Z", "1100.0000"),
  point("2025-03-12T14:10:00Z", "1045.0000"),
  point("2025-03-12T14:15:00Z", "1089.0000"),
];

describe("the equity's curve", () => {
  it("lies under its earlier peak by a fraction of it", () => {
    const steps = stepsOf(points);
    expect(steps.map(({ drawdown }) => Math.round(drawdown * 1_000) / 1_000)).toEqual([
      0, 0, -0.05, -0.01,
    ]);
    expect(deepest(steps)?.at).toBe("2025-03-12T14:10:00Z");
    expect(deepest([])).toBeNull();
  });

  it("is said in a sentence, also where there is nothing or no fall", () => {
    expect(sentence(stepsOf(points))).toMatch(
      /^Equity rose from 1,000.00 to 1,089.00 .*deepest drawdown was \u22125.00\u00a0%/,
    );
    expect(sentence([])).toMatch(/no snapshot/);
    expect(sentence(stepsOf(points.slice(0, 2)))).toMatch(/never lay under/);
  });
});

describe("closes", () => {
  const trade = (at: string, pnl: string | null) => ({ at, pnl, qty: 1 }) as Schemas["Trade"];

  it("are the fills that brought something, oldest first", () => {
    const found = closesOf([trade("c", "-5.0000"), trade("b", null), trade("a", "7.5000")]);
    expect(found).toEqual([
      { at: "a", pnl: 7.5 },
      { at: "c", pnl: -5 },
    ]);
  });

  it("leave one that brought nothing out of the win rate, as the API does", () => {
    const rates = winRates([5, 0, -5, 5].map((pnl) => ({ at: "", pnl })));
    expect(rates).toEqual([1, 0.5, 2 / 3]);
  });
});
