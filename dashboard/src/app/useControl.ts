/** Controls: asked once, pending until the event is back, never hoped for. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { api, dataOf, newKey } from "../api/client";
import { useEvents } from "../live/LiveProvider";
import type { LiveEvent } from "../live/connection";
import type { Act } from "./states";

const ANSWER_WITHIN_MS = 30_000;

/** What was asked: a state's change, or the closing of a position. */
export type Asking = { act: Act; why: string } | { act: "close"; ticker: string; why: string };

async function ask(asking: Asking): Promise<string> {
  const params = { header: { "Idempotency-Key": newKey() } };
  const { act, why } = asking;
  if (act === "close") {
    const body = { ticker: asking.ticker, why };
    return (await dataOf(api.POST("/api/controls/close-position", { params, body }))).command;
  }
  return (await dataOf(api.POST(`/api/controls/${act}`, { params, body: { why } }))).command;
}

const commandOf = ({ data }: LiveEvent): unknown => data["command_id"] ?? data["signal_id"];

/** Whether an event is the effect of a command: a change of state, or a decision made of it. */
function isEffect(event: LiveEvent, command: string): boolean {
  const told = event.kind === "trading.states" || event.kind === "trade.decisions";
  return told && commandOf(event) === command;
}

export interface Control {
  send: (asking: Asking) => void;
  /** What is asked and has not been told yet. */
  pending: Asking | null;
  error: unknown;
  /** It was taken, but no event came for half a minute. */
  late: boolean;
}

/** One control at a time; `done` is called when its event is back. */
export function useControl(done?: (event: LiveEvent) => void): Control {
  const client = useQueryClient();
  const [waiting, wait] = useState<{ asking: Asking; command: string } | null>(null);
  const [late, setLate] = useState(false);
  const asked = useMutation({
    mutationFn: ask,
    onSuccess: (command, asking) => {
      wait({ asking, command });
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
      if (!waiting) return;
      const effect = events.find((event) => isEffect(event, waiting.command));
      if (!effect) return;
      wait(null);
      done?.(effect);
    },
    [waiting, done],
  );
  useEvents(heard);
  const { mutate } = asked;
  const send = useCallback(
    (asking: Asking) => {
      setLate(false);
      mutate(asking);
    },
    [mutate],
  );
  const pending = asked.isPending ? (asked.variables ?? null) : (waiting?.asking ?? null);
  return { send, pending, error: asked.error, late };
}
