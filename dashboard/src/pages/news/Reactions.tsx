/** The signals that an article had a part in, those that came to orders first. */

import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { Button } from "../../components/controls";
import { Direction, None, Ticker, Time } from "../../components/values";
import * as format from "../../format/format";
import { ledTo } from "./figures";
import { decisionsOfQuery, inTurn, spansOf } from "./signals";
import { Scroll } from "../../components/Scroll";

type Reaction = Schemas["Reaction"];

const AT_FIRST = 5;
const MOST = 100; // the API tells of no more

export function Reactions({ reactions }: { reactions: Reaction[] }) {
  const [all, showAll] = useState(false);
  const decisions = useDecisions(reactions);
  if (reactions.length === 0) {
    return (
      <p className="text-muted">
        No signal yet. A strategy that reads news votes when scores are strong, recent and confident
        enough.
      </p>
    );
  }
  const orders = reactions.reduce((sum, each) => sum + each.orders.length, 0);
  const used = reactions.filter((each) => each.used).length;
  const shown = all ? inTurn(reactions) : inTurn(reactions).slice(0, AT_FIRST);
  return (
    <>
      <p className="num text-12 text-muted">
        {reactions.length >= MOST ? "At least " : ""}
        {ledTo(reactions.length, orders)}; {format.count(used)} with a vote that used it
      </p>
      <Scroll name="Signals it led to" className="max-h-80 overflow-y-auto">
        <table className="table [&_td]:h-8 [&_td:first-child]:!pl-0 [&_th:first-child]:!pl-0">
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col">Ticker</th>
              <th scope="col" className="p2">
                Direction
              </th>
              <th scope="col" className="r">
                Strength
              </th>
              <th scope="col">Order</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={each.id}>
                <td className="num">
                  <Time at={each.at} style="day" /> <Time at={each.at} />
                </td>
                <td>
                  <Ticker>{each.ticker}</Ticker>
                </td>
                <td className="p2">
                  <Direction>{each.direction}</Direction>
                </td>
                <td className="r">{format.share(each.strength)}</td>
                <td>
                  <Order reaction={each} decision={decisions.get(each.id)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {reactions.length > AT_FIRST ? (
        <Button kind="ghost" size="s" onClick={() => showAll(!all)} aria-expanded={all}>
          {all ? "Show fewer" : `Show all ${format.count(reactions.length)} signals`}
        </Button>
      ) : null}
    </>
  );
}

/** An order's lineage where its decision is known, else the trades of its ticker. */
function Order({ reaction, decision }: { reaction: Reaction; decision: string | undefined }) {
  const { ticker, orders } = reaction;
  if (orders.length === 0) return <None why="no order came of it" />;
  const open = decision ? `&open=${encodeURIComponent(decision)}` : "";
  const at = `${format.day(reaction.at)} ${format.clock(reaction.at)}`;
  return (
    <Link
      className="link"
      to={`/trades?ticker=${encodeURIComponent(ticker)}${open}`}
      aria-label={`${format.counted(orders.length, "order")} of ${ticker}, ${at}`}
    >
      {format.counted(orders.length, "order")}
    </Link>
  );
}

/** The decision of each signal that came to an order: lineages are opened by it. */
function useDecisions(reactions: readonly Reaction[]): ReadonlyMap<string, string> {
  const found = useQueries({ queries: spansOf(reactions).map((span) => decisionsOfQuery(span)) });
  const all = found.flatMap(({ data }) => data ?? []);
  return new Map(all.map(({ id, signal }) => [signal, id]));
}
