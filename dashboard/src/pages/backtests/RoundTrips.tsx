/** The closed round trips of a run, in order of their ends, page by page. */

import { useInfiniteQuery } from "@tanstack/react-query";

import type { Schemas } from "../../api/client";
import { backtestTradesQuery } from "../../api/queries";
import { More, Panel } from "../../components/Panel";
import { Delta, StrategyName, Ticker, Time, Value } from "../../components/values";
import * as format from "../../format/format";
import type { Shown } from "./shown";
import { Scroll } from "../../components/Scroll";

type Trip = Schemas["BacktestTrade"];

const ENDED: Record<string, string> = {
  signal: "Signal",
  stop: "Stop",
  take_profit: "Take-profit",
  delisted: "Delisted",
};

export function RoundTrips({ shown, two }: { shown: Shown; two: boolean }) {
  const query = useInfiniteQuery(backtestTradesQuery(shown.run.run_id));
  const trips = query.data?.pages.flatMap(({ trades }) => trades) ?? [];
  const all = shown.figures.closed_trades;
  return (
    <Panel
      title="Closed trades"
      query={query}
      meta={`${format.count(trips.length)} of ${format.count(all)}, by their ends${two ? `, ${shown.label}` : ""}`}
      empty={{
        when: ({ pages }) => pages.every(({ trades }) => trades.length === 0),
        title: "No trade was closed",
        next: "What is still held counts at its last price. Try more days, or look at what was denied.",
      }}
      footer={trips.length > 0 ? <More query={query} none="That is every closed trade." /> : null}
    >
      {() => (
        <Scroll name="Table of closed trades">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Ticker</th>
                <th scope="col">
                  Closed <span className="u">{format.zone(trips[0]?.closed)}</span>
                </th>
                <th scope="col" className="r p2">
                  Qty
                </th>
                <th scope="col" className="r p2">
                  Entry <span className="u">$</span>
                </th>
                <th scope="col" className="r p2">
                  Exit <span className="u">$</span>
                </th>
                <th scope="col" className="r">
                  P&amp;L <span className="u">$</span>
                </th>
                <th scope="col" className="r p3">
                  Fees <span className="u">$</span>
                </th>
                <th scope="col" className="r p2">
                  Held
                </th>
                <th scope="col" className="p2">
                  Ended by
                </th>
                <th scope="col" className="p3">
                  Credit
                </th>
              </tr>
            </thead>
            <tbody>
              {trips.map((trip, index) => (
                <Row key={`${trip.ticker} ${trip.closed} ${index}`} trip={trip} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Row({ trip }: { trip: Trip }) {
  const ended = ENDED[trip.by] ?? format.words(trip.by);
  return (
    <tr className="row">
      <td>
        <Ticker>{trip.ticker}</Ticker>
        <span className="sub">
          {format.count(trip.qty)} · {ended.toLowerCase()}
        </span>
      </td>
      <td>
        <Time at={trip.closed} /> <span className="text-muted">{format.day(trip.closed)}</span>
      </td>
      <td className="r p2">
        <Value>{format.count(trip.qty)}</Value>
      </td>
      <td className="r p2 num">{format.money(trip.entry)}</td>
      <td className="r p2 num">{format.money(trip.exit)}</td>
      <td className="r">
        <Delta value={trip.pnl} />
      </td>
      <td className="r p3 num">{format.money(trip.fees)}</td>
      <td className="r p2 num">{format.duration(trip.seconds)}</td>
      <td className="p2">{ended}</td>
      <td className="p3">
        <Credit credit={trip.credit} />
      </td>
    </tr>
  );
}

/** Who had the idea: one name, or several with their shares. */
function Credit({ credit }: { credit: Readonly<Record<string, number>> }) {
  const entries = Object.entries(credit).sort((one, other) => other[1] - one[1]);
  return (
    <span
      className="inline-flex gap-3"
      title="Shares of the result; who voted against it has a negative one"
    >
      {entries.map(([id, part]) => (
        <span key={id} className="inline-flex items-center gap-1">
          <StrategyName id={id} />
          {entries.length > 1 ? (
            <span className="text-muted num">{format.percent(part, { decimals: 0 })}</span>
          ) : null}
        </span>
      ))}
    </span>
  );
}
