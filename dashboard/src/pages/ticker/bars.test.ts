import { describe, expect, it } from "vitest";

import { barAt, dayChange, sessionsOf, shownOf } from "./bars";

const bar = (start: string, close: string) => ({
  start,
  open: "10.0000",
  high: "12.0000",
  low: "9.0000",
  close,
  volume: 100,
});
const bars = [
  bar("2025-03-11T19:58:00Z", "10.0000"),
  bar("2025-03-11T19:59:00Z", "10.0000"),
  bar("2025-03-12T13:30:00Z", "10.2000"),
  bar("2025-03-12T13:31:00Z", "10.5000"),
];

describe("sessions", () => {
  it("are parted by a night", () => {
    expect(sessionsOf(bars)).toEqual([0, 2]);
    expect(sessionsOf([])).toEqual([]);
  });

  it("give the day's change against the close before, or none", () => {
    expect(dayChange(bars)?.amount).toBeCloseTo(0.5);
    expect(dayChange(bars)?.fraction).toBeCloseTo(0.05);
    expect(dayChange(bars.slice(2))).toBeNull();
    expect(dayChange([])).toBeNull();
  });

  it("are shown with the indicators of their own bars", () => {
    const indicators = { sma: [null, 1, 2, 3] };
    const shown = shownOf({ ticker: "A", interval: "1m", bars, indicators }, 1);
    expect(shown.bars.map(({ close }) => close)).toEqual([10.2, 10.5]);
    expect(shown.sma).toEqual([2, 3]);
    expect(shown.rsi).toEqual([]);
    const more = shownOf({ ticker: "A", interval: "1m", bars, indicators }, 5);
    expect(more.bars).toHaveLength(4);
  });
});

describe("a moment's bar", () => {
  it("is the one that it falls into, to the second", () => {
    expect(barAt(bars, "2025-03-12T13:30:59Z")).toBe("2025-03-12T13:30:00Z");
    expect(barAt(bars, "2025-03-12T13:31:00Z")).toBe("2025-03-12T13:31:00Z");
    expect(barAt(bars, "2025-03-12T20:00:00Z")).toBe("2025-03-12T13:31:00Z");
    expect(barAt(bars, "2025-03-10T13:30:00Z")).toBeNull();
  });

  it("is the next one for news of the night", () => {
    expect(barAt(bars, "2025-03-12T02:00:00Z", true)).toBe("2025-03-12T13:30:00Z");
    expect(barAt(bars, "2025-03-12T02:00:00Z")).toBe("2025-03-11T19:59:00Z");
  });
});
