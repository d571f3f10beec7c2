/** What is held: the table of open positions, sortable, with its total. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { useRunNow } from "../../app/clock";
import type { Schemas } from "../../api/client";
import { limitsQuery } from "../../api/queries";
import { Panel } from "../../components/Panel";
import { Age, Delta, Time } from "../../components/values";
import * as format from "../../format/format";
import { useAccount, useFreshness } from "./period";
import { PositionRow } from "./PositionRow";
import { type Column, type Order, sorted, useOrder } from "./sorting";
import { newestPrice, useSparks } from "./useSparks";
import { Scroll } from "../../components/Scroll";

type Position = Schemas["Position"];

export function Positions() {
  const { positions } = useAccount();
  const most = useQuery(limitsQuery()).data?.["risk.max_positions"];
  const held = positions.data?.length ?? 0;
  return (
    <Panel
      title="Open positions"
      query={positions}
      height={32 + 9 * 36}
      meta={
        positions.data ? `${format.count(held)}${most ? ` of ${format.count(most)}` : ""}` : null
      }
      controls={<PricesAt positions={positions.data ?? []} />}
      empty={{
        when: (found) => found.length === 0,
        title: "Nothing is held",
        next: (
          <>
            A signal that passes every check opens a position.{" "}
            <Link className="link" to="/trades">
              Trades
            </Link>{" "}
            says what denied the last ones.
          </>
        ),
      }}
    >
      {(found) => <Table positions={found} />}
    </Panel>
  );
}

/** Of when the last prices are. */
function PricesAt({ positions }: { positions: readonly Position[] }) {
  const now = useRunNow();
  const open = useFreshness() !== false;
  const newest = newestPrice(positions);
  if (!newest) return null;
  return (
    <span className="text-12 text-muted">
      prices to <Time at={newest} />
      {open && now !== null && now - Date.parse(newest) >= 1_000 ? (
        <>
          , <Age at={newest} now={now} limit={300} /> ago
        </>
      ) : null}
    </span>
  );
}

const HEADS: readonly {
  column: Column | null;
  name: string;
  unit?: string;
  className: string;
  spoken?: string;
}[] = [
  { column: "ticker", name: "Ticker", className: "" },
  { column: "qty", name: "Qty", className: "r p2" },
  { column: "entry", name: "Avg entry", unit: "$", className: "r p2" },
  { column: "last", name: "Last", unit: "$", className: "r p2" },
  { column: "value", name: "Value", unit: "$", className: "r p2 p3" },
  { column: "pnl", name: "Unrealised", unit: "$", className: "r" },
  { column: "pct", name: "", unit: "%", className: "r p2", spoken: "Unrealised" },
  { column: null, name: "Last 90 min", className: "p2 p3" },
  { column: null, name: "Stop", unit: "$", className: "r p2" },
  { column: "room", name: "To stop", unit: "%", className: "r p2" },
  { column: null, name: "Target", unit: "$", className: "r p2 p3" },
  { column: "age", name: "Age", className: "r p2" },
];

function Table({ positions }: { positions: readonly Position[] }) {
  const [order, by] = useOrder();
  const now = useRunNow();
  const sparks = useSparks(positions);
  // One number of decimals for all prices of the table.
  const decimals = Math.max(...positions.map(({ price }) => format.priceDecimals(price)));
  return (
    <Scroll name="Table of open positions">
      <table className="table l2">
        <thead>
          <tr>
            {HEADS.map((head) => (
              <Head key={head.name + head.unit} {...head} order={order} by={by} />
            ))}
            <th scope="col" className="r">
              <span className="sr">Close</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted(positions, order).map((position) => (
            <PositionRow
              key={position.ticker}
              position={position}
              points={sparks.get(position.ticker) ?? []}
              decimals={decimals}
              now={now}
            />
          ))}
        </tbody>
        <Total positions={positions} />
      </table>
    </Scroll>
  );
}

function Head({
  column,
  name,
  unit,
  spoken,
  className,
  order,
  by,
}: (typeof HEADS)[number] & { order: Order; by: (column: Column) => void }) {
  const label = (
    <>
      {spoken ? <span className="sr">{spoken} </span> : null}
      {name} {unit ? <span className="u">{unit}</span> : null}
    </>
  );
  if (!column) {
    return (
      <th scope="col" className={className}>
        {label}
      </th>
    );
  }
  const on = order.column === column;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={on ? (order.down ? "descending" : "ascending") : undefined}
    >
      <button type="button" className="hover:text-ink" onClick={() => by(column)}>
        {label}
        {on ? <span aria-hidden="true">{order.down ? " ↓" : " ↑"}</span> : null}
      </button>
    </th>
  );
}

function Total({ positions }: { positions: readonly Position[] }) {
  const sum = (of: (position: Position) => string) =>
    positions.reduce((total, position) => total + Number(of(position)), 0);
  const value = sum((each) => each.value);
  const pnl = sum((each) => each.unrealized_pnl);
  const cost = positions.reduce((total, { cost: each }) => total + Math.abs(Number(each)), 0);
  const part = cost > 0 ? pnl / cost : null;
  return (
    <tfoot>
      <tr>
        <td>Total</td>
        <td className="p2" colSpan={3} />
        <td className="r p2 p3">{format.money(value)}</td>
        <td className="r">
          <Delta value={pnl} />
          <span className="sub">
            <Delta value={part} of="fraction" />
          </span>
        </td>
        <td className="r p2">
          <Delta value={part} of="fraction" unit={false} />
        </td>
        <td className="p2 p3" />
        <td className="p2" colSpan={2} />
        <td className="p2 p3" />
        <td className="p2" />
        <td />
      </tr>
    </tfoot>
  );
}
