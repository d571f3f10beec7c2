/** The last ninety minutes of what is held: a few closes a ticker, for shape only. */

import { useQueries } from "@tanstack/react-query";

import type { Schemas } from "../../api/client";
import { barsQuery } from "../../api/queries";
import { useFreshness } from "./period";

const MOST = 20;
const MINUTE_MS = 60_000;
const SPAN_MS = 90 * MINUTE_MS;
const STEP_MS = 15 * MINUTE_MS; // the question stays the same for a while, and so does its answer

/** The newest moment at which one of them has a price; null where none has. */
export function newestPrice(positions: readonly Schemas["Position"][]): string | null {
  return positions.reduce<string | null>(
    (last, { price_at }) => (price_at && (!last || price_at > last) ? price_at : last),
    null,
  );
}

/** Closes by ticker, up to the newest price: at night they show the day's end. */
export function useSparks(
  positions: readonly Schemas["Position"][],
): ReadonlyMap<string, readonly number[]> {
  const refetchInterval = useFreshness(MINUTE_MS);
  const newest = newestPrice(positions);
  const from = newest ? Date.parse(newest) - SPAN_MS : 0;
  const since = new Date(Math.floor(from / STEP_MS) * STEP_MS).toISOString();
  const asked = newest ? positions.slice(0, MOST) : [];
  return useQueries({
    queries: asked.map(({ ticker }) => ({
      ...barsQuery(ticker, since),
      staleTime: MINUTE_MS,
      refetchInterval,
      placeholderData: (old?: Schemas["Bars"]) => (old?.ticker === ticker ? old : undefined),
    })),
    combine: (answers) => {
      const found = new Map<string, readonly number[]>();
      for (const { data } of answers) {
        if (!data) continue;
        const bars = data.bars.filter(({ start }) => Date.parse(start) >= from);
        found.set(
          data.ticker,
          bars.map(({ close }) => Number(close)),
        );
      }
      return found;
    },
  });
}
