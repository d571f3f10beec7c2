/** The run's clock: the wall's in a live run, the market's in one that is played. */

import { useQuery } from "@tanstack/react-query";

import { meQuery, portfolioQuery } from "../api/queries";
import { useNow } from "../components/useNow";
import { millis } from "../format/format";

/** Now, in milliseconds, as the run has it; null before a played run's first figure. */
export function useRunNow(): number | null {
  const now = useNow();
  const live = useQuery(meQuery()).data?.live ?? true;
  const asOf = useQuery(portfolioQuery()).data?.as_of;
  return live ? now : millis(asOf);
}

export interface Role {
  trader: boolean;
  owner: boolean;
}

/** What the person may do; nothing before it is known. */
export function useRole(): Role {
  const role = useQuery(meQuery()).data?.role;
  return { trader: role === "trader" || role === "owner", owner: role === "owner" };
}
