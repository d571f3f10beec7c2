/** The one WebSocket of the page, for every component. */

import { useQueryClient } from "@tanstack/react-query";
import {
  type ReactNode,
  createContext,
  use,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";

import { api, dataOf, session } from "../api/client";
import { Batch } from "./batch";
import { type Channel, type Connection, Live, type LiveEvent, type World } from "./connection";
import { Refresher, apply } from "./updates";

const CHANNELS: Channel[] = ["trades", "signals", "news", "portfolio", "system", "backtests"];
type Listener = (events: LiveEvent[]) => void;

export interface LiveValue {
  live: Live;
  listen: (listener: Listener) => () => void;
}

export const LiveContext = createContext<LiveValue | null>(null);

const world: World = {
  open: (url) => new WebSocket(url),
  ticket: () => dataOf(api.POST("/api/ws-ticket", { body: {} })),
  later: (act, milliseconds) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  now: Date.now,
  random: Math.random,
};

/** Connects while somebody is signed in; its events update the cache, batched per frame. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const value = useMemo(() => {
    const listeners = new Set<Listener>();
    const refresher = new Refresher(client);
    const batch = new Batch((events) => {
      apply(client, refresher, events);
      for (const listener of listeners) listener(events);
    });
    const url = `${location.origin.replace(/^http/, "ws")}/ws`;
    // After a gap nothing that is shown can be trusted: everything is asked for again.
    const live = new Live(url, CHANNELS, world, batch.add, () => void client.invalidateQueries());
    const listen = (listener: Listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    return { live, listen };
  }, [client]);

  useEffect(() => {
    const { live } = value;
    live.start();
    const online = () => live.retry();
    const stop = live.subscribe(() => {
      if (live.connection.state === "ended") session.drop();
    });
    addEventListener("online", online);
    return () => {
      removeEventListener("online", online);
      stop();
      live.stop();
    };
  }, [value]);

  return <LiveContext value={value}>{children}</LiveContext>;
}

function useValue(): LiveValue {
  const value = use(LiveContext);
  if (!value) throw new Error("LiveProvider is missing");
  return value;
}

/** How the connection is, as it changes. */
export function useConnection(): Connection {
  const { live } = useValue();
  return useSyncExternalStore(live.subscribe, () => live.connection);
}

/** Comes back at once. */
export function useRetry(): () => void {
  const { live } = useValue();
  return () => live.retry();
}

/** Calls a listener with each frame's events. */
export function useEvents(listener: Listener): void {
  const { listen } = useValue();
  useEffect(() => listen(listener), [listen, listener]);
}

const OFFLINE_AFTER_MS = 3_000;

/** Since when the page has heard nothing, milliseconds; null while it hears. */
export function useOfflineSince(): number | null {
  const { live } = useValue();
  // A number, not the connection: who only asks this is not drawn anew with each event.
  const since = useSyncExternalStore(live.subscribe, () =>
    live.connection.state === "connecting" ? live.connection.since : null,
  );
  const [shown, show] = useState<number | null>(null);
  useEffect(() => {
    if (since === null) return;
    const timer = setTimeout(() => show(since), OFFLINE_AFTER_MS);
    return () => {
      clearTimeout(timer);
      show(null);
    };
  }, [since]);
  return since === null ? null : shown;
}
