/** The one table of the page: a row an order or a denial, which opens its lineage. */

import { Fragment } from "react";

import * as format from "../../format/format";
import { Lineage } from "./Lineage";
import type { Row } from "./rows";
import { TradeRow } from "./TradeRow";
import { Scroll } from "../../components/Scroll";

interface Column {
  name: string;
  unit?: string;
  where?: string;
  title?: string;
}

const OPINION: readonly Column[] = [
  { name: "Strategy", where: "p2" },
  { name: "Strength", where: "r p2 p3" },
];
/** What follows time, ticker and side. */
const COLUMNS: readonly Column[] = [
  { name: "Qty", where: "r p2" },
  { name: "Price", unit: "$", where: "r p2" },
  {
    name: "Slippage",
    unit: "bp",
    where: "r p2 p3",
    title: "How much worse than the price it was decided at",
  },
  ...OPINION,
  { name: "Status", where: "p2" },
  { name: "P&L", unit: "$", where: "r" },
  { name: "Return", unit: "%", where: "r p2" },
  { name: "Held", where: "r p2 p3" },
];
const DENIAL_COLUMNS: readonly Column[] = [
  ...OPINION,
  { name: "Denied by" },
  { name: "Found", where: "r p2" },
  { name: "Wanted", where: "r p2" },
];
const ALL = 3 + COLUMNS.length;

export function TradesTable({
  rows,
  denials,
  open,
  onOpen,
  isNew,
}: {
  rows: readonly Row[];
  /** Only denials: their two numbers stand where fills have prices. */
  denials: boolean;
  open: string;
  onOpen: (id: string) => void;
  isNew: (row: Row) => boolean;
}) {
  return (
    <Scroll name="Table of trades">
      <table className={denials ? "table l2 trades denials" : "table l2 trades"}>
        <Head at={rows[0]?.at} denials={denials} />
        <tbody>
          {rows.map((row, index) => {
            const above = rows[index - 1];
            const isOpen = row.ids.includes(open);
            return (
              <Fragment key={row.id}>
                {above && !format.sameDay(above.at, row.at) ? <Day at={row.at} /> : null}
                <TradeRow
                  row={row}
                  denials={denials}
                  isOpen={isOpen}
                  isNew={isNew(row)}
                  onToggle={() => onOpen(isOpen ? "" : row.id)}
                />
                {isOpen ? (
                  <tr className="detail" id={`lineage-${row.id}`}>
                    <td colSpan={ALL}>
                      <Lineage id={row.id} alike={row.count} firstAt={row.firstAt} />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

function Head({ at, denials }: { at: string | undefined; denials: boolean }) {
  return (
    <thead>
      <tr>
        <th scope="col" aria-sort="descending">
          Time <span className="u">{format.zone(at)}</span>
        </th>
        <th scope="col" className="p2">
          Ticker
        </th>
        <th scope="col">Side</th>
        {(denials ? DENIAL_COLUMNS : COLUMNS).map(({ name, unit, where, title }) => (
          <th key={name} scope="col" className={where} title={title}>
            {name}
            {unit ? <span className="u"> {unit}</span> : null}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Where another day begins, going back. */
function Day({ at }: { at: string }) {
  return (
    <tr className="day">
      <th scope="rowgroup" colSpan={ALL}>
        {format.date(at)}
      </th>
    </tr>
  );
}
