/** Closing a position: asked, decided, sold; each step is heard of, none is hoped for. */

import { useCallback, useEffect, useState } from "react";

import { useControl } from "../../app/useControl";
import { said } from "../../components/Panel";
import type { LiveEvent } from "../../live/connection";
import { denial } from "./outcomes";

const FILLED_WITHIN_MS = 30_000;

export interface Closing {
  ask: (why: string) => void;
  /** Asked and not closed yet. */
  busy: boolean;
  /** Why it did not happen, or is not known to have. */
  problem: string | null;
}

/** Whoever shows a position goes with it: when it is closed, nobody is left to be told. */
export function useClosing(ticker: string): Closing {
  const [denied, deny] = useState<string | null>(null);
  const [sold, sell] = useState(false);
  const heard = useCallback(({ data }: LiveEvent) => {
    if (data["accepted"] === false) {
      const [limit, actual] = [String(data["limit"]), String(data["actual"])];
      deny(`Denied. ${denial(String(data["code"]))}: allowed is ${limit}, it was ${actual}.`);
    } else sell(true);
  }, []);
  const control = useControl(heard);

  useEffect(() => {
    if (!sold) return;
    const timer = setTimeout(() => {
      sell(false);
      deny("The order is out, but its fill was not heard of yet. Trades has what became of it.");
    }, FILLED_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [sold]);

  const { send } = control;
  const ask = useCallback(
    (why: string) => {
      deny(null);
      send({ act: "close", ticker, why });
    },
    [send, ticker],
  );
  const busy = control.pending !== null || sold;
  return { ask, busy, problem: busy ? null : (denied ?? failure(control.error, control.late)) };
}

function failure(error: unknown, late: boolean): string | null {
  if (error) {
    const { title, cause } = said(error);
    return `${title}. ${cause}`;
  }
  if (late) return "The command was taken, but nothing was heard of it for half a minute.";
  return null;
}
