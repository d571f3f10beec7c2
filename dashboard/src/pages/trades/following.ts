/** The order in a ticker that came next after a decision: what ended it, or what came instead. */

import { useQuery } from "@tanstack/react-query";

import { type Schemas, api, dataOf } from "../../api/client";

type Folded = Schemas["Folded"];
type Decision = Pick<Schemas["Decided"], "id" | "ticker" | "at">;

const WITHIN_MS = 7 * 24 * 3_600_000;
const MOST = 500;

export interface Following {
  found: Folded | null;
  /** False while it is asked for, and where too much followed to tell. */
  known: boolean;
}

/** The oldest of what followed, on one side; lists come newest first. */
export function nextOf(decisions: readonly Folded[], { id, at }: Decision, side: string) {
  return (
    decisions.findLast(
      (each) => each.side === side && each.id !== id && Date.parse(each.at) >= Date.parse(at),
    ) ?? null
  );
}

export function useFollowing(of: Decision, side: "BUY" | "SELL", wanted: boolean): Following {
  const { data } = useQuery({
    queryKey: ["lineage", "following", of.id],
    queryFn: () => {
      const until = new Date(Date.parse(of.at) + WITHIN_MS).toISOString();
      const query = { ticker: of.ticker, accepted: true, since: of.at, until, limit: MOST };
      return dataOf(api.GET("/api/decisions", { params: { query } }));
    },
    enabled: wanted,
  });
  if (!wanted || !data || data.cursor !== null) return { found: null, known: false };
  return { found: nextOf(data.decisions, of, side), known: true };
}
