/** The ticker's fills: those of the chart's arrows, to the second. */

import { useState } from "react";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { Button } from "../../components/controls";
import { More, Panel } from "../../components/Panel";
import { Delta, None, Time } from "../../components/values";
import * as format from "../../format/format";
import { useFills } from "./asked";
import { Scroll } from "../../components/Scroll";

const FEW = 8;

export function Fills({ ticker }: { ticker: string }) {
  const query = useFills(ticker);
  const [all, showAll] = useState(false);
  const found = query.data?.pages.flatMap(({ trades }) => trades) ?? [];
  return (
    <Panel
      title="Fills"
      query={query}
      height={32 + 4 * 36}
      meta="the chart's arrows"
      footer={
        found.length === 0 ? null : all || found.length <= FEW ? (
          <More query={query} />
        ) : (
          <Button size="s" onClick={() => showAll(true)}>
            Show all {format.count(found.length)}
          </Button>
        )
      }
      empty={{
        when: ({ pages }) => pages.every(({ trades }) => trades.length === 0),
        title: `${ticker} was not traded yet`,
        next: "The decisions above say why.",
      }}
    >
      {() => (
        <Scroll name={`Table of fills of ${ticker}`}>
          <table className="table l2">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Fill</th>
                <th scope="col" className="r p2">
                  Price <span className="u">$</span>
                </th>
                <th scope="col" className="r p2">
                  Slippage <span className="u">$</span>
                </th>
                <th scope="col" className="r p2">
                  Commission <span className="u">$</span>
                </th>
                <th scope="col" className="r">
                  P&L <span className="u">$</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, all ? found.length : FEW).map((fill) => (
                <Row key={fill.id} fill={fill} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

const DONE = ["FILLED", "PARTIALLY_FILLED"];

function Row({ fill }: { fill: Schemas["Trade"] }) {
  const { id, at, ticker, side, qty, price, slippage, commission, pnl, status } = fill;
  const done = DONE.includes(status);
  const what = `${side === "BUY" ? "Bought" : "Sold"} ${format.count(qty)}`;
  return (
    <tr className="row">
      <td className="num">
        <span className="text-muted">{format.day(at)}</span> <Time at={at} style="seconds" />
      </td>
      <td>
        <Link
          className="hover:underline"
          to={`/trades?ticker=${encodeURIComponent(ticker)}&open=${id}`}
        >
          {done ? what : format.words(status)}
          <span className="sr">: how it came about</span>
        </Link>
        <span className="sub">{price === null ? null : `at ${format.price(price)}`}</span>
      </td>
      <td className="r p2">{price === null ? <None /> : format.price(price)}</td>
      <td className="r p2">{slippage === null ? <None /> : format.money(slippage)}</td>
      <td className="r p2">{format.money(commission)}</td>
      <td className="r">
        {pnl === null ? <None why="It closed nothing" /> : <Delta value={pnl} />}
      </td>
    </tr>
  );
}
