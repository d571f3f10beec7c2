/** An order's life by the broker: what it said, in the order in which it was heard. */

import type { Schemas } from "../../api/client";
import { brokerName } from "../../app/broker";
import * as format from "../../format/format";
import { Moment } from "./Step";

type Told = Schemas["Told"];

/** What the broker said, in words. */
export function toldWords({ kind, status, qty, price, reason }: Told): string {
  if (kind === "fill") return `${format.count(qty)} at ${format.money(price, 4)}`;
  const word =
    status === "UNKNOWN" ? "Nobody knows whether it is there" : format.words(status ?? "");
  return reason ? `${word}: ${reason}` : word;
}

export function ToldList({ told, at }: { told: readonly Told[]; at: string | undefined }) {
  const [first] = told;
  if (!first) return null;
  return (
    <>
      <h4 className="mt-2 text-12 text-muted">{brokerName(first.broker)} said</h4>
      <ul className="fills num" aria-label={`What ${brokerName(first.broker)} said of the order`}>
        {told.map((each) => (
          <li
            key={each.id}
            title={each.told_at ? `By its own clock ${format.full(each.told_at)}` : undefined}
          >
            <Moment at={each.at} beside={at} />
            <span>{toldWords(each)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
