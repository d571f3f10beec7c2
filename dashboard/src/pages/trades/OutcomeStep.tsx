/** How it ended, and what was learnt of it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { positionsQuery } from "../../api/queries";
import { Delta } from "../../components/values";
import * as format from "../../format/format";
import type { Following } from "./following";
import { Learnt } from "./Learnt";
import { Figures, Moment, Step } from "./Step";

type Lineage = Schemas["Lineage"];

export function OutcomeStep({
  lineage,
  at,
  following,
}: {
  lineage: Lineage;
  at: string | undefined;
  following: Following;
}) {
  const { outcomes, trades, order } = lineage;
  const outcome = outcomes.at(-1);
  const [entry] = lineage.entry_trades;
  if (outcome) {
    return (
      <Step title="Outcome" state="good" when={<Moment at={outcome.at} beside={at} />}>
        <p className="node-big">
          <Delta value={outcome.realized_pnl} />
        </p>
        <Figures
          rows={[
            ["Return", <Delta value={outcome.roi} of="fraction" />, "Of what the entry cost"],
            [
              "Of the risk",
              <Risked of={outcome.risk_adjusted_return} />,
              "By what the stop put at risk",
            ],
            ["Held", format.duration(outcome.hold_seconds)],
            ["At best", format.percent(outcome.favourable, { signed: true }), "While it was held"],
            ["At worst", format.percent(-outcome.adverse, { signed: true }), "While it was held"],
            [
              "Credit",
              outcome.credits
                .map(({ strategy, share }) => `${format.words(strategy)} ${credit(share)}`)
                .join(", "),
              "Whose vote opened it, by its part in it",
            ],
            ["Slippage", format.dollars(outcome.slippage, 2), "Of entry and exit together"],
          ]}
        />
        <Learnt
          adjustments={lineage.adjustments}
          credited={outcome.credits.map(({ strategy }) => strategy)}
        />
        {entry ? (
          <p className="mt-2">
            <Link className="link" to={`/trades?ticker=${entry.ticker}&open=${entry.id}`}>
              How it was {entry.side === "BUY" ? "bought" : "sold short"}
            </Link>
          </p>
        ) : null}
      </Step>
    );
  }
  if (!trades.some(({ price }) => price !== null)) {
    return (
      <Step title="Outcome" state="none">
        <p className="text-muted">Nothing was filled, so nothing came of it.</p>
      </Step>
    );
  }
  if (order?.reduces || trades.some(({ pnl }) => pnl !== null)) {
    const pnl = trades.reduce((sum, each) => sum + Number(each.pnl ?? 0), 0);
    return (
      <Step title="Outcome" state="none">
        <p className="node-big">
          <Delta value={pnl} />
        </p>
        <p className="text-muted">It closed a position; what it says is not judged yet.</p>
      </Step>
    );
  }
  return <Opened ticker={order?.ticker ?? trades[0]?.ticker ?? ""} at={at} following={following} />;
}

const credit = (share: number) => format.percent(share, { decimals: 0 });

const fraction = (percent: number | null) => (percent === null ? null : percent / 100);

/** A gain in units of what the stop put at risk. */
function Risked({ of }: { of: number }) {
  return (
    <>
      <Delta value={of} />
      {" R"}
    </>
  );
}

/** What became of a position that was opened: sold since, or still held. */
function Opened({
  ticker,
  at,
  following,
}: {
  ticker: string;
  at: string | undefined;
  following: Following;
}) {
  const positions = useQuery(positionsQuery()).data;
  const { found, known } = following;
  if (found) {
    const { done } = found;
    const verb = found.side === "SELL" ? "Sold" : "Bought back";
    return (
      <Step title="Outcome" state="good" when={<Moment at={found.at} beside={at} />}>
        <p className="node-big">
          <Delta value={done?.pnl} />
        </p>
        <Figures
          rows={[
            ["Return", <Delta value={done?.roi} of="fraction" />, "Of what the entry cost"],
            ["Held", format.duration(done?.hold_seconds)],
            done?.price ? [`${verb} at`, format.dollars(done.price, 4)] : null,
          ]}
        />
        <p className="mt-2">
          <Link className="link" to={`/trades?ticker=${ticker}&open=${found.id}`}>
            How it was {verb.toLowerCase()}
          </Link>
          , and what was learnt of it
        </p>
      </Step>
    );
  }
  const held = known ? positions?.find((each) => each.ticker === ticker) : undefined;
  return (
    <Step title="Outcome" state="none">
      {held ? (
        <>
          <p className="node-big">
            <Delta value={held.unrealized_pnl} />
          </p>
          <p className="text-muted">Still held: unrealised, at the last price.</p>
          <Figures
            rows={[
              ["Return", <Delta value={fraction(held.unrealized_pct)} of="fraction" />],
              ["Last", format.dollars(held.price, 2)],
            ]}
          />
        </>
      ) : (
        <p className="text-muted">
          It opened a position. Its outcome comes with the order that closes it.
        </p>
      )}
      <p className="mt-2">
        <Link className="link" to={`/tickers/${encodeURIComponent(ticker)}`}>
          {ticker}
        </Link>
      </p>
    </Step>
  );
}
