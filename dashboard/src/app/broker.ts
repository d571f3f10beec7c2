/** The broker, as people read it: its readiness, and what it holds otherwise than it told. */

import type { Schemas } from "../api/client";
import * as format from "../format/format";

export type AtBroker = Schemas["AtBroker"];
export type Readiness = AtBroker["readiness"];
type Difference = Schemas["DifferenceAnswer"];

export const ON_PAPER = "Paper: Tidewire fills orders itself";

export const READINESS: Record<
  Readiness,
  { name: string; dot: string; badge: string; says: string }
> = {
  READY: {
    name: "Ready",
    dot: "good",
    badge: "",
    says: "What it holds is accounted for, and its updates are heard: entries may go out.",
  },
  NOT_RECONCILED: {
    name: "Not reconciled",
    dot: "warn",
    badge: "warn",
    says: "What it holds is not accounted for: entries wait until it is. Exits go out.",
  },
  STREAM_DOWN: {
    name: "Stream down",
    dot: "bad",
    badge: "bad",
    says: "Nothing is heard of orders: entries wait until it is heard again. Exits go out.",
  },
};

/** "alpaca" as people write it. */
export const brokerName = (name: string): string => format.words(name);

/** A difference in words: "The broker holds 12 AAPL more than it told of". */
export function differenceWords({ ticker, expected, found }: Difference): string {
  const more = Number(found) - Number(expected);
  const side = more > 0 ? "more" : "fewer";
  return `The broker holds ${format.shares(Math.abs(more))} ${ticker} ${side} than it told of`;
}
