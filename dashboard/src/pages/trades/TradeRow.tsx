/** A row of the table: an order, a fill, or denials alike. */

import { Icon } from "../../components/Icon";
import { Badge, Delta, None, StrategyName, Ticker, Time } from "../../components/values";
import * as format from "../../format/format";
import { CAUSES, nameOf, saidOf, toldOf } from "./checks";
import type { Row } from "./rows";

const PRICE_DECIMALS = 4;

const side = (row: Row) => format.words(row.side);

export function TradeRow({
  row,
  denials,
  isOpen,
  isNew,
  onToggle,
}: {
  row: Row;
  /** The table has denials only. */
  denials: boolean;
  isOpen: boolean;
  isNew: boolean;
  onToggle: () => void;
}) {
  const classes = ["row", isOpen ? "open" : "", isNew ? "flash" : ""];
  const said = `Lineage of ${side(row).toLowerCase()} ${row.ticker} at ${format.seconds(row.at)}`;
  return (
    <tr className={classes.filter(Boolean).join(" ")}>
      <td className="num">
        <span className="when">
          <button
            type="button"
            className="disc"
            aria-expanded={isOpen}
            aria-controls={isOpen ? `lineage-${row.id}` : undefined}
            aria-label={said}
            onClick={onToggle}
          >
            <Icon name="right" size={12} />
          </button>
          <When row={row} />
        </span>
      </td>
      <td className="p2">
        <Ticker>{row.ticker}</Ticker>
      </td>
      <td>
        {side(row)}
        <span className="phone"> {row.ticker}</span>
        <span className="sub">{subOf(row)}</span>
      </td>
      {denials ? (
        <>
          <Opinion row={row} />
          <Denial row={row} />
        </>
      ) : (
        <>
          <Bought row={row} />
          <Opinion row={row} />
          <Outcome row={row} />
        </>
      )}
    </tr>
  );
}

/** Size and price of what was done. */
function Bought({ row }: { row: Row }) {
  return (
    <>
      <td className="r p2 num">{row.qty === null ? <None /> : format.count(row.qty)}</td>
      <td className="r p2 num">
        {row.price === null ? <None /> : format.money(row.price, PRICE_DECIMALS)}
      </td>
      <td className="r p2 p3 num">
        {row.slippageBp === null ? <None /> : format.fixed(row.slippageBp, 1, true)}
      </td>
    </>
  );
}

/** Who wanted it, and how strongly. */
function Opinion({ row }: { row: Row }) {
  return (
    <>
      <td className="p2">
        {row.strategy ? (
          <StrategyName id={row.strategy} />
        ) : (
          <span className="text-muted">{CAUSES[row.cause] ?? format.words(row.cause)}</span>
        )}
      </td>
      <td className="r p2 p3 num">
        {row.strength === null ? <None /> : format.share(row.strength, 3)}
      </td>
    </>
  );
}

/** How it stands, and what came of it. */
function Outcome({ row }: { row: Row }) {
  return (
    <>
      <td className="p2">
        <Status row={row} />
      </td>
      <td className="r num">
        {row.code ? (
          <>
            <span className="desk">
              <None why="Denied: nothing was traded" />
            </span>
            <span className="phone">
              <Badge tone="code" title={saidOf(row.code)}>
                {row.code}
              </Badge>
            </span>
          </>
        ) : row.pnl === null ? (
          <None why={row.status === "FILLED" ? "It opened a position: see its end" : undefined} />
        ) : (
          <Delta value={row.pnl} />
        )}
      </td>
      <td className="r p2 num">
        <Delta value={row.roi} of="fraction" unit={false} />
      </td>
      <td className="r p2 p3 num">{row.held === null ? <None /> : format.duration(row.held)}</td>
    </>
  );
}

/** What denied it, and its two numbers. */
function Denial({ row }: { row: Row }) {
  return (
    <>
      <td>
        <Status row={row} />
      </td>
      <td className="r p2 num">{toldOf(row.actual) || <None />}</td>
      <td className="r p2 num text-muted">{toldOf(row.limit) || <None />}</td>
    </>
  );
}

/** The moment; of denials alike the span from the first to the last. */
function When({ row }: { row: Row }) {
  const oneDay = format.sameDay(row.firstAt, row.at);
  if (row.count === 1 || (oneDay && format.clock(row.firstAt) === format.clock(row.at))) {
    return <Time at={row.at} style="seconds" />;
  }
  return (
    <span>
      <Time at={row.firstAt} style={oneDay ? "clock" : "day"} />–<Time at={row.at} />
    </span>
  );
}

function Status({ row }: { row: Row }) {
  if (!row.code) {
    const wrong = row.status === "REJECTED" || row.status === "UNKNOWN";
    return <Badge tone={wrong ? "warn" : "ok"}>{format.words(row.status)}</Badge>;
  }
  return (
    <>
      <Badge tone="code" title={`${saidOf(row.code)} Limit ${row.limit}, actual ${row.actual}.`}>
        {row.code}
      </Badge>
      {row.count > 1 ? (
        <span className="desk text-muted" title={`${row.count} denials alike, one after the other`}>
          {" "}
          × {format.count(row.count)}
        </span>
      ) : null}
    </>
  );
}

/** What a phone says under the side. */
function subOf(row: Row): string {
  if (row.code) return row.count > 1 ? `${format.count(row.count)} times` : nameOf(row.code);
  if (row.price === null) return format.words(row.status);
  return `${format.count(row.qty)} at ${format.money(row.price)}`;
}
