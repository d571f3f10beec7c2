/** Controls: asked once, pending until the event is back, never hoped for. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";

import { api, dataOf, newKey } from "../api/client";
import { ApiProblem } from "../api/session";
import { useEvents } from "../live/LiveProvider";
import type { LiveEvent } from "../live/connection";
import type { Act } from "./states";

const ANSWER_WITHIN_MS = 30_000;
const MOST_KEPT = 200;

/** What was asked: a state's change, or the closing of a position. */
export type Asking = { act: Act; why: string } | { act: "close"; ticker: string; why: string };

async function ask(asking: Asking, key: string): Promise<string> {
  const params = { header: { "Idempotency-Key": key } };
  const { act, why } = asking;
  if (act === "close") {
    const body = { ticker: asking.ticker, why };
    return (await dataOf(api.POST("/api/controls/close-position", { params, body }))).command;
  }
  return (await dataOf(api.POST(`/api/controls/${act}`, { params, body: { why } }))).command;
}

const told = ({ kind }: LiveEvent) => kind === "trading.states" || kind === "trade.decisions";
const commandOf = ({ data }: LiveEvent): unknown => data["command_id"] ?? data["signal_id"];
const isDenial = ({ kind, data }: LiveEvent) =>
  kind === "trade.decisions" && data["accepted"] === false;

/** Whether an event is the end of what was asked: of a flatten, that nothing is held any more. */
export function isEnd({ act }: Asking, event: LiveEvent): boolean {
  if (act === "close") return event.kind === "trade.decisions";
  if (event.kind !== "trading.states") return false;
  return act !== "flatten" || event.data["new"] === "HALTED";
}

/** What was refused of a command: the closing of a ticker, and by which check. */
export interface Denied {
  ticker: string;
  code: string;
}

export interface Control {
  send: (asking: Asking) => void;
  /** What is asked and has not been told yet. */
  pending: Asking | null;
  error: unknown;
  /** It was taken, but no event came for half a minute. */
  late: boolean;
  /** Closings of a flatten that the risk checks denied. */
  denied: readonly Denied[];
}

interface Waiting {
  asking: Asking;
  command: string;
}

/** One key for one wish: clicked again after a lost answer it is the same command. */
export function useKey(): { of: (wish: unknown) => string; done: (error?: unknown) => void } {
  const kept = useRef<{ wish: string; key: string } | null>(null);
  const of = useCallback((wish: unknown) => {
    const name = JSON.stringify(wish);
    if (kept.current?.wish !== name) kept.current = { wish: name, key: newKey() };
    return kept.current.key;
  }, []);
  const done = useCallback((error?: unknown) => {
    const refused = error instanceof ApiProblem && error.status > 0 && error.status < 500;
    if (error === undefined || refused) kept.current = null;
  }, []);
  return { of, done };
}

/** One control at a time; `done` is called when its event is back. */
export function useControl(done?: (event: LiveEvent) => void): Control {
  const client = useQueryClient();
  const [waiting, wait] = useState<Waiting | null>(null);
  const [late, setLate] = useState(false);
  const [denied, deny] = useState<readonly Denied[]>([]);
  const recent = useRef<LiveEvent[]>([]); // an event may come before the answer that names it
  const key = useKey();

  const take = useCallback(
    (wish: Waiting, events: readonly LiveEvent[]): boolean => {
      const own = events.filter((event) => commandOf(event) === wish.command);
      if (wish.asking.act === "flatten") {
        const refused = own.filter(isDenial).map(({ data }) => ({
          ticker: String(data["ticker"]),
          code: String(data["code"]),
        }));
        if (refused.length) {
          deny((before) => [...before, ...refused]);
          wait(null);
        }
      }
      const end = own.find((event) => isEnd(wish.asking, event));
      if (!end) return false;
      wait(null);
      done?.(end);
      return true;
    },
    [done],
  );

  const asked = useMutation({
    mutationFn: (asking: Asking) => ask(asking, key.of(asking)),
    onError: (error) => key.done(error),
    onSuccess: (command, asking) => {
      key.done();
      const wish = { asking, command };
      if (take(wish, recent.current)) return;
      wait(wish);
      setTimeout(() => {
        // The socket may be away: ask the API what is, rather than wait for ever.
        wait((now) => {
          if (now?.command !== command) return now;
          setLate(true);
          void client.invalidateQueries({ queryKey: ["controls"] });
          void client.invalidateQueries({ queryKey: ["portfolio"] });
          return null;
        });
      }, ANSWER_WITHIN_MS);
    },
  });
  const heard = useCallback(
    (events: LiveEvent[]) => {
      const relevant = events.filter(told);
      recent.current = [...recent.current, ...relevant].slice(-MOST_KEPT);
      if (waiting && relevant.length) take(waiting, relevant);
    },
    [waiting, take],
  );
  useEvents(heard);
  const { mutate } = asked;
  const send = useCallback(
    (asking: Asking) => {
      setLate(false);
      deny([]);
      mutate(asking);
    },
    [mutate],
  );
  const pending = asked.isPending ? (asked.variables ?? null) : (waiting?.asking ?? null);
  return { send, pending, error: asked.error, late, denied };
}
