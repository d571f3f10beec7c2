/** The ticker's signals and what became of each; denials alike stand as one row. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { decisionsQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { More, Panel } from "../../components/Panel";
import { Delta, None, StrategyName, Time } from "../../components/values";
import * as format from "../../format/format";
import { became } from "../portfolio/outcomes";
import { Scroll } from "../../components/Scroll";

const ROWS = 10;
const ASKED = 30; // folded, these fill the rows

export function Decisions({ ticker }: { ticker: string }) {
  const query = useInfiniteQuery(decisionsQuery({ ticker, fold: true, limit: ASKED }));
  const [all, showAll] = useState(false);
  const rows = query.data?.pages.flatMap(({ decisions }) => decisions) ?? [];
  return (
    <Panel
      title="Signals and decisions"
      query={query}
      height={32 + ROWS * 36}
      controls={
        <Link className="link text-12" to={`/trades?ticker=${encodeURIComponent(ticker)}`}>
          All of {ticker}
        </Link>
      }
      footer={
        rows.length === 0 ? null : all || rows.length <= ROWS ? (
          <More query={query} />
        ) : (
          <Button size="s" onClick={() => showAll(true)}>
            Show more
          </Button>
        )
      }
      empty={{
        when: ({ pages }) => pages.every(({ decisions }) => decisions.length === 0),
        title: `No decision about ${ticker} yet`,
        next: "A strategy's vote above its threshold makes a signal, and each signal a decision.",
      }}
    >
      {() => <Table ticker={ticker} rows={all ? rows : rows.slice(0, ROWS)} />}
    </Panel>
  );
}

const CAUSES: Record<string, string> = {
  stop: "Stop",
  take_profit: "Target",
  delisted: "Delisted",
  command: "By hand",
  reconcile: "Reconciled",
};

function Table({ ticker, rows }: { ticker: string; rows: readonly Schemas["Folded"][] }) {
  return (
    <Scroll name={`Table of decisions on ${ticker}`}>
      <table className="table l2">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Side</th>
            <th scope="col" className="p2">
              Strategy
            </th>
            <th scope="col" className="r p2">
              Strength
            </th>
            <th scope="col">What became of it</th>
            <th scope="col" className="r p2">
              P&L <span className="u">$</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} ticker={ticker} row={row} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ ticker, row }: { ticker: string; row: Schemas["Folded"] }) {
  const price = row.done?.price;
  return (
    <tr className="row">
      <td className="num">
        <span className="text-muted">{format.day(row.at)}</span>{" "}
        <Time at={row.at} style="seconds" />
      </td>
      <td>{row.side === "BUY" ? "Buy" : "Sell"}</td>
      <td className="p2">
        {row.strategy ? <StrategyName id={row.strategy} /> : (CAUSES[row.cause] ?? <None />)}
      </td>
      <td className="r p2">
        {row.strength === null ? <None why="No signal is behind it" /> : format.share(row.strength)}
      </td>
      <td>
        <Link
          to={`/trades?ticker=${encodeURIComponent(ticker)}&open=${row.id}`}
          className={`hover:underline ${row.accepted ? "" : "text-muted"}`}
          title={row.accepted ? "Its lineage" : `Limit ${row.limit}, was ${row.actual}`}
        >
          {became(row)}
          {price ? ` at ${format.price(price)}` : ""}
          {row.count > 1 ? ` × ${format.count(row.count)}` : ""}
          <span className="sr">: how it came about</span>
        </Link>
        {row.done?.pnl ? (
          <span className="sub">
            <Delta value={row.done.pnl} />
          </span>
        ) : null}
      </td>
      <td className="r p2">
        {row.done?.pnl ? <Delta value={row.done.pnl} /> : <None why="It closed nothing" />}
      </td>
    </tr>
  );
}
