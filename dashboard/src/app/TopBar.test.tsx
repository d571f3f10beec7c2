import { screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { api } from "../api/client";
import { shown } from "../test/render";
import { TopBar } from "./TopBar";

const bar = (mode: unknown) =>
  shown(
    <TopBar onHalt={() => undefined} onPalette={() => undefined} />,
    mode ? [[["broker"], mode]] : [],
  );
const badge = () => document.querySelector(".mode") as HTMLElement;
const at = (readiness: string) => ({ mode: "broker", broker: { name: "alpaca", readiness } });

describe("who fills orders, in the top bar", () => {
  beforeEach(
    () => void vi.spyOn(api, "GET").mockReturnValue(new Promise(() => undefined) as never),
  );
  afterEach(() => vi.restoreAllMocks());

  it("is not guessed while nobody has said it", () => {
    bar(null);
    expect(badge().textContent?.trim()).toBe("");
  });

  it("is Tidewire itself on paper", () => {
    bar({ mode: "paper", broker: null });
    expect(screen.getByText("PAPER").title).toBe("Paper: Tidewire fills orders itself");
  });

  it.each([
    ["READY", "ready", "good", ""],
    ["NOT_RECONCILED", "not reconciled", "warn", "warn"],
    ["STREAM_DOWN", "stream down", "bad", "bad"],
  ])("is a broker that is %s", (readiness, words, dot, tone) => {
    bar(at(readiness));
    expect(badge().textContent).toBe(`Broker: Alpaca · ${words}`);
    expect(badge().querySelector(`.dot.${dot}`)).toBeTruthy();
    expect(badge().className.trim()).toBe(`mode ${tone}`.trim());
    expect(badge().title).toMatch(/^Orders go to a paper account at Alpaca\./);
  });
});
