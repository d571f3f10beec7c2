import { describe, expect, it } from "vitest";

import {
  type Change,
  type Metrics,
  type Strategy,
  adjustmentsOf,
  guardrailWords,
  inOrder,
  marksOf,
  movedSince,
  points,
  reasonWords,
  stepsFrom,
  stepsOf,
  ticksOf,
  waitsFor,
} from "./weights";

const M = "\u2212";
const DAY = 86_400_000;
const at = (day: number) => `2025-03-${day}T20:01:00.000001Z`;
const ms = (day: number) => Date.parse(at(day));

function change(decided: number, holds: number, from: number, to: number, bound = ""): Change {
  return {
    at: at(decided),
    effective_from: at(holds),
    old_weight: from,
    new_weight: to,
    reason: from === to ? "seed" : "reward 0.935354 after 37 outcomes: +0.004113",
    guardrail: bound,
    outcomes: ["out-1"],
  };
}

const strategy = (id: string, weight: number): Strategy => ({
  id,
  name: id,
  description: "",
  weight,
  coming_weight: null,
  coming_from: null,
  active: true,
  since: null,
  who: "",
  why: "",
});
const histories = {
  momentum: [change(13, 14, 0.5, 0.6, "max_shift"), change(12, 12, 0.5, 0.5)],
  news_driven: [change(13, 14, 0.5, 0.4), change(12, 12, 0.5, 0.5)],
};
const both = [strategy("momentum", 0.6), strategy("news_driven", 0.4)];

it("orders strategies as their colours, others after them", () => {
  const ids = ["mean_reversion", "momentum", "breakout", "news_driven"].map((id) => ({ id }));
  const found = inOrder(ids).map(({ id }) => id);
  expect(found.slice(0, 3)).toEqual(["momentum", "mean_reversion", "news_driven"]);
});

describe("a history of weights", () => {
  it("has its adjustments without the first weights, the newest first", () => {
    const later = { ...histories, momentum: [change(14, 17, 0.6, 0.5), ...histories.momentum] };
    const found = adjustmentsOf(later).map(({ strategy, at: when }) => [strategy, when]);
    expect(found).toEqual([
      ["momentum", at(14)],
      ["momentum", at(13)],
      ["news_driven", at(13)],
    ]);
  });

  it("steps where a change begins to hold, not where it is decided", () => {
    expect(stepsOf(histories, both, ms(15))).toEqual([
      { at: ms(12), weights: { momentum: 0.5, news_driven: 0.5 } },
      { at: ms(14), weights: { momentum: 0.6, news_driven: 0.4 } },
      { at: ms(15), weights: { momentum: 0.6, news_driven: 0.4 } },
    ]);
  });

  it("takes what was before the oldest change that is known", () => {
    const cut = { momentum: [change(13, 14, 0.3, 0.4)], news_driven: [change(12, 12, 0.6, 0.6)] };
    expect(stepsOf(cut, both, ms(14))[0]?.weights).toEqual({ momentum: 0.3, news_driven: 0.6 });
  });

  it("is cut at a moment, with what held then", () => {
    const steps = stepsOf(histories, both, ms(15));
    expect(stepsFrom(steps, ms(13)).map(({ at: when }) => when)).toEqual([ms(13), ms(14), ms(15)]);
    expect(stepsFrom(steps, ms(13))[0]?.weights).toEqual({ momentum: 0.5, news_driven: 0.5 });
  });

  it("marks a moment once; as bound if any of its changes was", () => {
    expect(marksOf(adjustmentsOf(histories))).toEqual([{ at: ms(14), bound: true }]);
  });

  it("knows how far a weight moved only where its beginning is known", () => {
    expect(movedSince(histories.momentum, 0.6)).toBeCloseTo(0.1);
    expect(movedSince([change(13, 14, 0.5, 0.6)], 0.6)).toBeNull();
    expect(movedSince(undefined, 0.6)).toBeNull();
  });
});

it("labels a time axis by day, and a short one by clock", () => {
  expect(ticksOf(0, DAY)).toHaveLength(4);
  const days = ticksOf(0, 60 * DAY);
  expect(days.length).toBeLessThanOrEqual(6);
  expect(new Set(days.map((each) => new Date(each).getHours()))).toEqual(new Set([0]));
});

describe("words", () => {
  const limits = { "learning.max_shift": "0.1", "learning.floor": "0.05" };
  it.each([
    ["min_trades", "Too few closed trades"],
    ["max_shift", "Moves at most 10.0 pt a cycle"],
    ["floor", "Not below 5.0\u00a0%"],
    ["something_new", "Something new"],
  ])("of the guardrail %s are %s", (code, words) => {
    expect(guardrailWords(code, limits)).toBe(words);
  });

  it("of points have a sign, zero none", () => {
    expect([0.019, -0.019, 0.0001].map((each) => points(each))).toEqual(["+1.9", `${M}1.9`, "0.0"]);
  });

  it("of a reason round its reward, and leave other texts alone", () => {
    expect(reasonWords("reward 0.935354 after 1 outcomes: stays")).toBe(
      "Reward 0.94 after 1 outcome",
    );
    expect(reasonWords("by hand")).toBe("by hand");
  });

  it("of what learning waits for name who has too few trades", () => {
    const metrics = [
      { strategy: "momentum", trades: 53, needed: 20, missing: 0 },
      { strategy: "news_driven", trades: 6, needed: 20, missing: 14 },
    ] as Metrics[];
    const words = waitsFor(metrics, {
      "learning.min_trades": "20",
      "learning.cycle_sessions": "1",
    });
    expect(words).toMatch(/each session's end.*20 closed trades: News driven has 6\.$/);
    expect(waitsFor(metrics, { "learning.rule": "fixed" })).toMatch(/stay as they are/);
  });
});
