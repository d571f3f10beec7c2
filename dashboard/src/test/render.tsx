/** Renders a component as the page does: with a query cache, a router and a socket that is live. */

import { QueryClient, QueryClientProvider, type QueryKey } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { MemoryRouter } from "react-router";

import { LiveContext, type LiveValue } from "../live/LiveProvider";
import type { Connection, LiveEvent } from "../live/connection";

/** A socket that tests drive: `tell` gives events, `become` another state. */
export class FakeLive {
  connection: Connection = { state: "live", heard: Date.now() };
  private readonly states = new Set<() => void>();
  private readonly listeners = new Set<(events: LiveEvent[]) => void>();

  subscribe = (listener: () => void) => {
    this.states.add(listener);
    return () => this.states.delete(listener);
  };
  retry = () => undefined;
  listen = (listener: (events: LiveEvent[]) => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  tell(kind: string, data: Record<string, unknown>): void {
    for (const listener of this.listeners)
      listener([{ type: "event", channel: "trades", kind, data }]);
  }
  become(connection: Connection): void {
    this.connection = connection;
    for (const listener of this.states) listener();
  }
}

/** Data of queries by their keys: what the API would have answered. */
export type Answers = readonly (readonly [QueryKey, unknown])[];

export function shown(element: ReactElement, answers: Answers = [], path = "/") {
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } },
  });
  for (const [key, data] of answers) client.setQueryData(key, data);
  const live = new FakeLive();
  const value = { live, listen: live.listen } as unknown as LiveValue;
  const page = render(
    <QueryClientProvider client={client}>
      <LiveContext value={value}>
        <MemoryRouter initialEntries={[path]}>{element}</MemoryRouter>
      </LiveContext>
    </QueryClientProvider>,
  );
  return { ...page, client, live };
}
