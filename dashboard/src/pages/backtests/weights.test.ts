import { describe, expect, it } from "vitest";

import { alike, most, movable, moved, normal } from "./weights";

const sum = (weights: Record<string, number>) =>
  Object.values(weights).reduce((total, weight) => total + weight, 0);

describe("weights", () => {
  it("are alike at first, and whole", () => {
    expect(alike(["a", "b", "c"])).toEqual({ a: 34, b: 33, c: 33 });
    expect(alike(["a"])).toEqual({ a: 100 });
    expect(alike([])).toEqual({});
  });

  it("take from the others in proportion", () => {
    expect(moved({ a: 20, b: 60, c: 20 }, "a", 60)).toEqual({ a: 60, b: 30, c: 10 });
    expect(moved({ a: 60, b: 30, c: 10 }, "a", 20)).toEqual({ a: 20, b: 60, c: 20 });
  });

  it("give to others that have nothing alike", () => {
    expect(moved({ a: 100, b: 0, c: 0 }, "a", 40)).toEqual({ a: 40, b: 30, c: 30 });
  });

  it("leave the locked ones, and stop at what these leave", () => {
    const locked = new Set(["b"]);
    expect(most({ a: 20, b: 60, c: 20 }, "a", locked)).toBe(40);
    expect(moved({ a: 20, b: 60, c: 20 }, "a", 90, locked)).toEqual({ a: 40, b: 60, c: 0 });
  });

  it("do not move where no other can give or take", () => {
    const weights = { a: 20, b: 80 };
    expect(movable(weights, "a", new Set(["b"]))).toBe(false);
    expect(moved(weights, "a", 50, new Set(["b"]))).toBe(weights);
    expect(moved(weights, "a", 50, new Set(["a"]))).toBe(weights);
    expect(moved({ a: 100 }, "a", 50)).toEqual({ a: 100 });
  });

  it("sum to a hundred, whole and never negative, after any moves", () => {
    let weights = alike(["a", "b", "c", "d", "e", "f", "g"]);
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const ids = Object.keys(weights);
    for (let turn = 0; turn < 2_000; turn++) {
      const locked = new Set(ids.filter(() => next(4) === 0));
      weights = moved(weights, ids[next(ids.length)] ?? "a", next(140) - 20, locked);
      expect(sum(weights)).toBe(100);
      for (const weight of Object.values(weights)) {
        expect(Number.isInteger(weight) && weight >= 0).toBe(true);
      }
    }
  });

  it("are made of shares that came from elsewhere", () => {
    expect(normal({ a: 0.333334, b: 0.333333, c: 0.333333 })).toEqual({ a: 34, b: 33, c: 33 });
    expect(normal({ a: 0, b: 0 })).toBeNull();
  });
});
