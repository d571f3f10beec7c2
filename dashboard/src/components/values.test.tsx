import { render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { describe, expect, it } from "vitest";

import { Age, Delta, None, Sentiment, StrategyName, Ticker, Time, strategyColour } from "./values";

const M = "\u2212";

describe("a delta", () => {
  it.each([
    ["12.3449", "+12.34", "gain"],
    ["-0.0100", `${M}0.01`, "loss"],
    ["-0.0040", "0.00", "zero"],
  ])("of %s is %s, a %s", (value, shown, sign) => {
    render(<Delta value={value} />);
    expect(screen.getByText(shown).className).toBe(`delta ${sign}`);
  });

  it("of a fraction is per cent, its colour by what is shown", () => {
    render(<Delta value={0.00004} of="fraction" />);
    expect(screen.getByText(/0\.00/).className).toBe("delta zero");
  });

  it("of nothing is a dash that a screen reader says", () => {
    render(<Delta value={null} />);
    expect(screen.getByText("none").className).toBe("sr");
  });
});

it("says why something is not there", () => {
  render(<None why="needs two days" />);
  expect(screen.getByText("needs two days")).toBeTruthy();
});

describe("a sentiment", () => {
  it.each([
    [0.82, "Positive +0.82", "badge gain"],
    [-0.4, `Negative ${M}0.40`, "badge loss"],
    [0.14, "Neutral +0.14", "badge"],
    [0, "Neutral 0.00", "badge"],
    [null, "Not scored", "badge"],
  ])("of %s is %s", (score, shown, name) => {
    render(<Sentiment score={score} />);
    expect(screen.getByText(shown).className).toBe(name);
  });
});

it("leads from a ticker to its page, whatever its letters", () => {
  render(
    <MemoryRouter>
      <Ticker>BRK.B</Ticker>
      <Ticker>A/B</Ticker>
    </MemoryRouter>,
  );
  expect(screen.getByText("BRK.B").getAttribute("href")).toBe("/tickers/BRK.B");
  expect(screen.getByText("A/B").getAttribute("href")).toBe("/tickers/A%2FB");
});

it("shows a time with the whole of it when hovered", () => {
  render(<Time at="2025-03-12T19:15:00Z" />);
  const time = screen.getByText(/^\d\d:15$/);
  expect(time.getAttribute("datetime")).toBe("2025-03-12T19:15:00.000Z");
  expect(time.title).toContain("2025");
});

it("counts an age by the run's clock, and is amber past its limit", () => {
  const at = "2025-03-12T19:00:00Z";
  render(<Age at={at} now="2025-03-12T19:10:00Z" limit={300} />);
  expect(screen.getByText(/10.m/).className).toBe("age old");
});

it("gives a strategy the same colour each time, and one to those it does not know", () => {
  expect(strategyColour("momentum")).toBe("s1");
  expect(strategyColour("my_own")).toBe(strategyColour("my_own"));
  expect(["s4", "s5"]).toContain(strategyColour("my_own"));
  render(<StrategyName id="mean_reversion" />);
  expect(screen.getByText("Mean reversion")).toBeTruthy();
});
