import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import {
  type Check,
  DENIALS,
  allowedOf,
  isKnown,
  measuredOf,
  nameOf,
  saidOf,
  thenOf,
  toldOf,
  usedOf,
  whyOf,
} from "./checks";

const decision = { ticker: "AAPL", side: "BUY", at: "2025-03-12T15:02:24Z" } as const;

const check = (code: string, changes: Partial<Check>): Check => ({
  code,
  comparison: "<=",
  limit: "0",
  measured: "0",
  unit: "dollars",
  passed: false,
  denied: true,
  ...changes,
});

const BY_BROKER = ["NOT_RECONCILED", "STREAM_DOWN", "TICKER_HALTED"];

const cooldown = check("COOLDOWN", {
  comparison: ">=",
  limit: "1800",
  measured: "1644",
  unit: "seconds",
});

describe("the checks of the operators", () => {
  const table = readFileSync("../operators/checks.py", "utf8");
  const rows = table.slice(table.indexOf("CHECKS: Final"));
  const codes = [...rows.matchAll(/^ {4}"([A-Z_]+)": Check\(/gm)].map(([, code]) => code ?? "");
  const states = /STATE_CODES: Final = \(([^)]*)\)/.exec(table)?.[1]?.match(/[A-Z_]+/g) ?? [];

  it("are read at all", () => {
    expect(codes.length).toBeGreaterThan(10);
    expect(states.length).toBe(3);
  });

  it.each([...codes, ...states, ...BY_BROKER, "NO_POSITION"])(
    "%s has words, and can be filtered by",
    (code) => {
      expect(isKnown(code)).toBe(true);
      expect(saidOf(code).length).toBeGreaterThan(20);
      if (code !== "TRADING_STATE" && code !== "BROKER") expect(DENIALS).toContain(code);
    },
  );

  it.each(codes)("%s says why, and what would have let it through, without a hole", (code) => {
    const unit = /COOLDOWN|STALE/.test(code) ? "seconds" : "shares";
    const asked = check(code, { limit: "100", measured: "250", unit });
    for (const said of [whyOf(asked, decision), thenOf(asked, decision)]) {
      expect(said).not.toMatch(/undefined|NaN|null|—/);
      expect(said).toMatch(/\.$/);
    }
  });

  it("spell out a code that has no words yet", () => {
    expect(nameOf("MAX_SECTOR_PCT")).toBe("Max sector pct");
    const asked = check("MAX_SECTOR_PCT", { limit: "20", measured: "25", unit: "positions" });
    expect(whyOf(asked, decision)).toBe("Max sector pct: 25, allowed ≤ 20.");
  });
});

describe("their numbers", () => {
  it("carry their unit", () => {
    expect(measuredOf(cooldown)).toBe("27.4\u00a0min");
    expect(allowedOf(cooldown)).toBe("≥ 30\u00a0min");
    const price = check("STALE_PRICE", { limit: "300", measured: "24", unit: "seconds" });
    expect([measuredOf(price), allowedOf(price)]).toEqual(["24\u00a0s", "≤ 300\u00a0s"]);
    const volume = check("MAX_PARTICIPATION", { limit: "944", measured: "1106", unit: "shares" });
    expect([measuredOf(volume), allowedOf(volume)]).toEqual(["1,106\u00a0sh", "≤ 944\u00a0sh"]);
  });

  it("have cents where dollars alone would hide the difference", () => {
    const size = check("MAX_POSITION_PCT", { limit: "50393.2960", measured: "50393.1680" });
    expect([measuredOf(size), allowedOf(size)]).toEqual(["$50,393.17", "≤ $50,393.30"]);
  });

  it("are words where nothing was measured", () => {
    expect(measuredOf({ ...cooldown, measured: "none" })).toBe("no exit yet");
    const news = check("STALE_SENTIMENT", { limit: "14400", measured: "none", unit: "seconds" });
    expect(measuredOf(news)).toBe("no vote");
    const state = check("TRADING_STATE", {
      comparison: "=",
      limit: "ACTIVE",
      measured: "HALTED",
      unit: "state",
    });
    expect([measuredOf(state), allowedOf(state)]).toEqual(["Halted", "Active"]);
  });

  it("are measured against upper limits only", () => {
    expect(usedOf(check("X", { limit: "200", measured: "50" }))).toBe(0.25);
    expect(usedOf(cooldown)).toBeNull();
    expect(usedOf(check("X", { limit: "0", measured: "50" }))).toBeNull();
    expect(usedOf(check("X", { limit: "100", measured: "unknown" }))).toBeNull();
  });

  it("say by how much it failed", () => {
    expect(thenOf(cooldown, decision)).toMatch(
      /^The same signal 2\.6.min later, from \d\d:05:00 on/,
    );
    const volume = check("MAX_PARTICIPATION", { limit: "944", measured: "1106", unit: "shares" });
    expect(thenOf(volume, decision)).toBe("An order 162 shares smaller, or more volume.");
    expect(whyOf({ ...volume, measured: "unknown" }, decision)).toBe(
      "The volume of AAPL was not known.",
    );
  });

  it("of the API's text get their thousands apart", () => {
    expect(toldOf("1438 shares")).toBe("1,438 shares");
    expect(toldOf("50684.12")).toBe("50,684.12");
    expect(toldOf("regular session")).toBe("regular session");
  });
});
