/** What is said as it happens: fills, refusals by the broker, changes of state. */

import { useCallback, useRef } from "react";

import * as format from "../format/format";
import type { LiveEvent } from "../live/connection";
import { useEvents } from "../live/LiveProvider";
import { STATES, type TradingState } from "./states";
import { useSay } from "./toasts";

const MOST_AT_ONCE = 3;
const BURST_MS = 2_000;

interface Said {
  icon: "check" | "warn" | "halt";
  title: string;
  detail: string;
}

/** Denials that prevented nothing: to sell what is not held, to buy what is. Lists have them. */
const ROUTINE = new Set(["NO_POSITION", "ALREADY_HELD"]);

/** What an event is worth saying; null: nothing. */
export function saidOf({ kind, data }: LiveEvent): Said | null {
  if (kind === "trading.states") {
    const state = STATES[data["new"] as TradingState];
    const who = String(data["who"] || "the system");
    return {
      icon: "halt",
      title: `Trading is ${state.name.toLowerCase()}`,
      detail: `By ${who}. ${state.says}`,
    };
  }
  if (kind === "trade.decisions") return denialOf(data);
  if (kind !== "trades.executed") return null;
  const ticker = String(data["ticker"]);
  if (data["status"] === "FILLED" || data["status"] === "PARTIALLY_FILLED") {
    const verb = data["side"] === "BUY" ? "Bought" : "Sold";
    const pnl = data["pnl"] as string | null;
    const at = `at ${format.price(data["price"] as string)}`;
    return {
      icon: "check",
      title: `${verb} ${format.count(data["qty"] as number)} ${ticker}`,
      detail: pnl === null ? at : `${at}, ${format.gain(pnl)}`,
    };
  }
  if (data["status"] === "REJECTED") {
    return {
      icon: "warn",
      title: `${ticker}: the broker refused the order`,
      detail: "Trades has why.",
    };
  }
  return null;
}

function denialOf(data: Record<string, unknown>): Said | null {
  const code = String(data["code"]);
  if (data["accepted"] !== false || ROUTINE.has(code)) return null;
  return {
    icon: "warn",
    title: `${String(data["ticker"])}: ${data["side"] === "BUY" ? "buying" : "selling"} was denied`,
    detail: `${format.words(code)}: allowed is ${String(data["limit"])}, it was ${String(data["actual"])}.`,
  };
}

/** Whether two denials would fold into one row: the second is no news. */
export const foldOf = ({ data }: LiveEvent): string =>
  [data["ticker"], data["side"], data["code"], data["accepted"]].join(" ");

/** Says what happens; a burst, as when a day is played fast, is left to the lists. */
export function useAnnounced(): void {
  const say = useSay();
  const recent = useRef<number[]>([]);
  const decided = useRef(new Map<unknown, string>()); // by ticker: the last decision, as it folds
  const heard = useCallback(
    (events: LiveEvent[]) => {
      const now = Date.now();
      recent.current = recent.current.filter((at) => now - at < BURST_MS);
      for (const event of events) {
        const told = saidOf(event);
        if (event.kind === "trade.decisions") {
          const { ticker } = event.data;
          const before = decided.current.get(ticker);
          decided.current.set(ticker, foldOf(event));
          if (before === foldOf(event)) continue;
        }
        if (!told) continue;
        const always = event.kind === "trading.states";
        if (!always && recent.current.length >= MOST_AT_ONCE) continue;
        recent.current.push(now);
        say(told);
      }
    },
    [say],
  );
  useEvents(heard);
}
