/** Close, with what it would bring; asks once more, in numbers, before anything is sold. */

import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";

import { useRole } from "../../app/clock";
import type { Schemas } from "../../api/client";
import { controlsQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { Dialog } from "../../components/Dialog";
import { Delta, Value } from "../../components/values";
import * as format from "../../format/format";
import { useFreshness } from "./period";
import type { Closing } from "./useClosing";

type Position = Schemas["Position"];

/** What a position would bring now: as the API estimates it. */
function useEstimate({ ticker, value, unrealized_pnl }: Position) {
  const refetchInterval = useFreshness();
  const { data } = useQuery({ ...controlsQuery(), refetchInterval });
  const found = data?.closes.find((close) => close.ticker === ticker);
  return {
    proceeds: found?.proceeds ?? value,
    pnl: found?.unrealized_pnl ?? unrealized_pnl,
    open: data?.session !== "closed",
  };
}

export function CloseButton({ position, closing }: { position: Position; closing: Closing }) {
  const [asking, ask] = useState(false);
  const { trader } = useRole();
  const { proceeds } = useEstimate(position);
  const { ticker, qty } = position;
  const verb = qty < 0 ? "Buys back" : "Sells";
  const about = `about ${format.dollars(proceeds)}`;
  return (
    <>
      <Button
        size="s"
        className="touch"
        disabled={!trader || closing.busy}
        pending={closing.busy && "Closing..."}
        aria-label={closing.busy ? `Closing ${ticker}` : `Close ${ticker}, ${about}`}
        title={
          trader
            ? `${verb} ${format.count(Math.abs(qty))} at market, ${about}`
            : "Your role is viewer: a trader or owner can close positions"
        }
        onClick={() => ask(true)}
      >
        Close
      </Button>
      {asking ? (
        <Confirm
          position={position}
          onClose={() => ask(false)}
          onConfirm={(why) => {
            ask(false);
            closing.ask(why);
          }}
        />
      ) : null}
    </>
  );
}

function Confirm({
  position,
  onClose,
  onConfirm,
}: {
  position: Position;
  onClose: () => void;
  onConfirm: (why: string) => void;
}) {
  const [why, explain] = useState("");
  const id = useId();
  const { proceeds, pnl, open } = useEstimate(position);
  const { ticker, qty, price, price_at, avg_entry } = position;
  const shares = format.count(Math.abs(qty));
  const verb = qty < 0 ? "Buy back" : "Sell";
  return (
    <Dialog
      role="alertdialog"
      title={`Close ${ticker}`}
      describedBy={id}
      onClose={onClose}
      footer={
        <>
          <span className="spacer" />
          <Button className="touch" data-first onClick={onClose}>
            Keep it
          </Button>
          <Button className="touch" kind="danger solid" onClick={() => onConfirm(why)}>
            {verb} {shares} {ticker}
          </Button>
        </>
      }
    >
      <p id={id} className="text-muted">
        {verb === "Sell" ? "Sells" : "Buys back"} all {shares} at market, and frees the ticker after
        its cooldown. It cannot be undone, and is kept with your name.
      </p>
      {open ? null : (
        <p className="rounded-card bg-warn-bg p-3 text-12">
          The market is closed: the risk checks deny what is asked now.
        </p>
      )}
      <dl className="kv">
        <Row term="Last price">
          <Value>{format.dollars(price, format.priceDecimals(price))}</Value>{" "}
          <span className="text-muted">at {format.seconds(price_at)}</span>
        </Row>
        <Row term="Average entry">{format.dollars(avg_entry, format.priceDecimals(avg_entry))}</Row>
        <Row term="Estimated proceeds">
          <Value>about {format.dollars(proceeds)}</Value>
        </Row>
        <Row term="P&L realised by it, $">
          <Delta value={pnl} />
        </Row>
      </dl>
      <label className="grid gap-1 text-12 text-muted">
        Why (optional)
        <input
          className="input text-13 text-ink"
          maxLength={200}
          value={why}
          onChange={(event) => explain(event.target.value)}
        />
      </label>
    </Dialog>
  );
}

function Row({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
