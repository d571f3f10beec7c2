import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";

import { describe, expect, it, vi } from "vitest";

import { ApiProblem } from "../api/session";
import { shown } from "../test/render";
import { type Asked, More, Panel, after } from "./Panel";

const asked = (more: Partial<Asked<string[]>>): Asked<string[]> => ({
  data: undefined,
  error: null,
  isPending: false,
  isFetching: false,
  dataUpdatedAt: 0,
  refetch: () => undefined,
  ...more,
});
const panel = (query: Asked<string[]>) => (
  <Panel
    title="Fills"
    query={query}
    empty={{ when: (all) => all.length === 0, title: "No fills yet", next: "They come with bars." }}
  >
    {(all) => <p>{all.join()}</p>}
  </Panel>
);

describe("a panel", () => {
  it("is a skeleton while it waits", () => {
    shown(panel(asked({ isPending: true })));
    expect(screen.getByText("Loading").className).toBe("sr");
    expect(screen.getByRole("region", { name: "Fills" }).getAttribute("aria-busy")).toBe("true");
  });

  it("says the next step when it is empty", () => {
    shown(panel(asked({ data: [] })));
    expect(screen.getByText("No fills yet")).toBeTruthy();
    expect(screen.getByText("They come with bars.")).toBeTruthy();
  });

  it("says the cause of an error, and asks again", async () => {
    const refetch = vi.fn();
    const problem = { detail: "The database does not answer.", request_id: "0123456789" };
    shown(panel(asked({ error: new ApiProblem(503, problem), refetch })));
    expect(screen.getByRole("alert").textContent).toContain("The database does not answer.");
    expect(screen.getByText("01234567")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect(refetch).toHaveBeenCalledOnce();
  });

  it("keeps what it has when asking again fails, and says how old it is", () => {
    shown(
      panel(asked({ data: ["one"], error: new Error("x"), dataUpdatedAt: Date.now() - 90_000 })),
    );
    expect(screen.getByText("one")).toBeTruthy();
    expect(screen.getByText(/1.m 30.s old/)).toBeTruthy();
  });

  it("is old while nothing is heard, and not for a blink", () => {
    vi.useFakeTimers();
    const { live } = shown(panel(asked({ data: ["one"], dataUpdatedAt: Date.now() })));
    act(() => live.become({ state: "connecting", since: Date.now(), attempt: 1 }));
    act(() => vi.advanceTimersByTime(2_000));
    expect(screen.queryByText(/old$/)).toBeNull();
    act(() => vi.advanceTimersByTime(2_000));
    expect(screen.getByText(/old$/)).toBeTruthy();
    act(() => live.become({ state: "live", heard: Date.now() }));
    expect(screen.queryByText(/old$/)).toBeNull();
    vi.useRealTimers();
  });
});

describe("a query behind another", () => {
  const refetch = vi.fn();
  const before = { ...asked({ error: new Error("away"), refetch }), isFetching: true };

  it("fails as that one does, and asks that one again", () => {
    const behind = after(asked({ isPending: true }), before);
    expect(behind).toMatchObject({ error: before.error, isPending: false, isFetching: true });
    behind.refetch();
    expect(refetch).toHaveBeenCalledOnce();
  });

  it("is itself where it has an answer, an error, or where that one has one", () => {
    const own = asked({ data: ["one"] });
    expect(after(own, before)).toBe(own);
    const failed = asked({ error: new Error("own") });
    expect(after(failed, before)).toBe(failed);
    const waits = asked({ isPending: true });
    expect(after(waits, asked({ data: [], error: new Error("later") }))).toBe(waits);
  });
});

describe("the way to more", () => {
  it("asks for the next page until there is none", async () => {
    const fetchNextPage = vi.fn();
    const query = { hasNextPage: true, isFetchingNextPage: false, fetchNextPage };
    const { rerender } = shown(<More query={query} />);
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(fetchNextPage).toHaveBeenCalledOnce();
    rerender(<More query={{ ...query, hasNextPage: false }} />);
    expect(screen.getByText("That is all.")).toBeTruthy();
  });
});
