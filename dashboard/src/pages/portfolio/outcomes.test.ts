import { describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { became, decisionOf, denial, told } from "./outcomes";

type Decision = Schemas["Folded"];
type Signal = Schemas["SignalRow"];

const signal = (id: string, at: string, more: Partial<Signal> = {}) =>
  ({ id, at, ticker: "AMD", direction: "LONG", strength: 0.5, ...more }) as Signal;
const decision = (more: Partial<Decision>) =>
  ({
    id: "dec-1",
    ticker: "AMD",
    side: "BUY",
    accepted: false,
    code: "COOLDOWN",
    count: 1,
    signal_id: "sig-3",
    at: "2025-03-12T14:10:00Z",
    first_at: "2025-03-12T14:10:00Z",
    done: null,
    ...more,
  }) as Decision;
const fold = decision({ count: 3, first_at: "2025-03-12T14:00:00Z" });

describe("what became of a signal", () => {
  it("is its own decision, or the fold that it stands in", () => {
    expect(decisionOf(signal("sig-3", "2025-03-12T14:10:00Z"), [fold])).toBe(fold);
    expect(decisionOf(signal("sig-2", "2025-03-12T14:05:00Z"), [fold])).toBe(fold);
    expect(decisionOf(signal("sig-0", "2025-03-12T13:59:00Z"), [fold])).toBeNull();
    const short = signal("sig-2", "2025-03-12T14:05:00Z", { direction: "SHORT" });
    expect(decisionOf(short, [fold])).toBeNull();
    expect(decisionOf(signal("sig-2", "2025-03-12T14:10:00Z"), [decision({})])).toBeNull();
  });

  it("stands once where several were denied alike", () => {
    const signals = [
      signal("sig-3", "2025-03-12T14:10:00Z"),
      signal("sig-2", "2025-03-12T14:05:00Z"),
      signal("sig-9", "2025-03-12T13:00:00Z"),
    ];
    const rows = told(signals, [fold]);
    expect(rows.map((row) => [row.signal.id, row.decision?.count])).toEqual([
      ["sig-3", 3],
      ["sig-9", undefined],
    ]);
  });

  it("is said in a few words", () => {
    const done = { filled: 141, qty: 141, status: "FILLED" } as Decision["done"];
    expect(became(decision({ accepted: true, done }))).toBe("Bought 141");
    expect(became(decision({ accepted: true, done, side: "SELL" }))).toBe("Sold 141");
    expect(became(decision({ accepted: true }))).toBe("Order sent");
    const open = { filled: 0, qty: 9, status: "SUBMITTED" } as Decision["done"];
    expect(became(decision({ accepted: true, done: open }))).toBe("Order submitted");
    expect(became(decision({}))).toBe("Cooling down");
    expect(denial("SOME_NEW_CHECK")).toBe("Some new check");
  });
});
