import { describe, expect, it } from "vitest";

import * as format from "./format";

const M = "\u2212";
const N = "\u00a0";

describe("numbers", () => {
  it.each([
    ["1007757.9226", 2, "1,007,757.92"],
    ["-0.0012", 2, "0.00"],
    [-0.004, 2, "0.00"],
    ["-1234.5000", 2, `${M}1,234.50`],
    ["0.0000", 2, "0.00"],
    [null, 2, "—"],
    [undefined, 2, "—"],
    ["", 2, "—"],
    ["NaN", 2, "—"],
    [Number.NaN, 2, "—"],
    [Number.POSITIVE_INFINITY, 2, "—"],
    [50.22577020190704, 1, "50.2"],
  ])("%s with %i decimals is %s", (value, decimals, shown) => {
    expect(format.fixed(value, decimals)).toBe(shown);
  });

  it("loses no digit of money that a double cannot hold", () => {
    expect(format.money("90071992547409921.1299")).toBe("90,071,992,547,409,921.13");
    expect(format.fixed("9007199254740993.0001", 4)).toBe("9,007,199,254,740,993.0001");
  });

  it.each([
    ["12.3400", "+12.34"],
    ["-12.3400", `${M}12.34`],
    ["0.0000", "0.00"],
    ["-0.0049", "0.00"],
    [null, "—"],
  ])("a gain of %s is %s", (value, shown) => expect(format.gain(value)).toBe(shown));

  it.each([
    ["0.004", "zero"],
    ["-0.004", "zero"],
    ["0.005", "gain"],
    ["-0.006", "loss"],
    [0, "zero"],
    [null, "zero"],
  ] as const)("the sign of %s is of what is shown: %s", (value, sign) => {
    expect(format.signOf(value)).toBe(sign);
  });

  it("writes dollars with their sign before the dollar's", () => {
    expect(format.dollars("-1234.5000", 2)).toBe(`${M}$1,234.50`);
    expect(format.dollars("457102.8100")).toBe("$457,103");
    expect(format.dollars(null)).toBe("—");
  });

  it("writes per cent of a fraction", () => {
    expect(format.percent(0.0192)).toBe(`1.92${N}%`);
    expect(format.percent(-0.00001, { signed: true })).toBe(`0.00${N}%`);
    expect(format.percent(0.5, { signed: true, decimals: 1, unit: false })).toBe("+50.0");
    expect(format.percent(null)).toBe("—");
  });

  it("gives prices below a dollar four decimals", () => {
    expect(format.price("0.1234")).toBe("0.1234");
    expect(format.price("45.8146")).toBe("45.81");
    expect(format.price("0.0000")).toBe("0.00");
  });
});

describe("durations", () => {
  it.each([
    [0, `0${N}s`],
    [59.4, `59${N}s`],
    [60, `1${N}m`],
    [63, `1${N}m 03${N}s`],
    [3_599, `59${N}m`],
    [3_600, `1${N}h`],
    [11_280, `3${N}h 08${N}m`],
    [90_000, `1${N}d 01${N}h`],
    [-5, `0${N}s`],
    [null, "—"],
    [Number.NaN, "—"],
  ])("%s s is %s", (seconds, shown) => expect(format.duration(seconds)).toBe(shown));

  it.each([
    [3, `3${N}ms`],
    [999, `999${N}ms`],
    [1_250, `1.3${N}s`],
    [null, "—"],
  ])("%s ms is %s", (milliseconds, shown) => expect(format.delay(milliseconds)).toBe(shown));
});

describe("times", () => {
  const at = "2025-03-12T19:15:00Z";

  it("are in the reader's zone, the whole with its name", () => {
    const local = new Date(at);
    const pad = (part: number) => String(part).padStart(2, "0");
    const shown = `${pad(local.getHours())}:${pad(local.getMinutes())}`;
    expect(format.clock(at)).toBe(shown);
    expect(format.seconds(at)).toBe(`${shown}:00`);
    expect(format.full(at)).toContain("Mar 2025");
    expect(format.full(at)).toContain(format.zone(at));
  });

  it("are a dash where there is none, or what is there is none", () => {
    for (const none of [null, undefined, "", "yesterday"]) {
      expect(format.clock(none)).toBe("—");
      expect(format.millis(none)).toBeNull();
    }
  });

  it("keeps a market's day, whatever the reader's zone", () => {
    expect(format.calendarDay("2025-03-12")).toBe("12 Mar 2025");
    expect(format.calendarDay("2025-03-12", false)).toBe("12 Mar");
    expect(format.calendarDay("never")).toBe("—");
  });
});

it("writes codes as people do", () => {
  expect(format.words("NO_POSITION")).toBe("No position");
  expect(format.words("mean_reversion")).toBe("Mean reversion");
  expect(format.counted(1, "trade")).toBe("1 trade");
  expect(format.counted(1_200, "trade")).toBe("1,200 trades");
  expect(format.counted(2, "entry", "entries")).toBe("2 entries");
});

describe("shares", () => {
  it.each([
    ["12", "12"],
    ["2.5", "2.5"],
    ["-4", "\u22124"],
    ["1200.0", "1,200"],
    ["0.123456789", "0.123456789"],
    [0.1 + 0.2, "0.3"],
    [null, "\u2014"],
  ])("of %s are %s", (value, text) => {
    expect(format.shares(value)).toBe(text);
  });
});
