/** The page's head: last price, what the day made of it, where else the ticker is. */

import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { Badge, Delta, None, Time, Value } from "../../components/values";
import * as format from "../../format/format";
import { dayChange } from "./bars";

export function TickerHead({
  ticker,
  bars,
  position,
}: {
  ticker: string;
  bars: Schemas["Bars"] | undefined;
  position: Schemas["Position"] | undefined;
}) {
  const last = bars?.bars.at(-1);
  return (
    <div key={bars ? "known" : "asked"} className="pagehead max-md:min-h-36 max-md:content-start">
      <h1 className="!text-20">{ticker}</h1>
      {last ? (
        <span className="flex flex-wrap items-baseline gap-x-3">
          <span className="text-20 font-semibold tracking-[-0.015em]">
            <span className="sr">Last price </span>
            <Value>{format.dollars(last.close, format.priceDecimals(last.close))}</Value>
          </span>
          <Change bars={bars?.bars ?? []} />
          <span className="text-12 text-muted">
            bar of <Time at={last.start} style="seconds" /> {format.day(last.start)}
          </span>
        </span>
      ) : null}
      {position ? <Badge tone="accent">Held</Badge> : null}
      <span className="spacer" />
      <Link className="link text-12" to={`/trades?ticker=${encodeURIComponent(ticker)}`}>
        Trades of {ticker}
      </Link>
      <Link className="link text-12" to={`/news?ticker=${encodeURIComponent(ticker)}`}>
        News of {ticker}
      </Link>
    </div>
  );
}

function Change({ bars }: { bars: readonly Schemas["Bar"][] }) {
  const change = dayChange(bars);
  if (!change) {
    return (
      <span className="text-12 text-muted">
        <None why="No bar of the session before is stored" /> no earlier session to compare with
      </span>
    );
  }
  return (
    <span title="The last close against the close of the session before">
      <Delta value={change.amount} /> (<Delta value={change.fraction} of="fraction" />){" "}
      <span className="text-12 text-muted">today</span>
    </span>
  );
}
