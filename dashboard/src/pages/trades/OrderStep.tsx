/** The order and its fills: size, prices, what it cost. */

import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";
import { Figures, Moment, Step } from "./Step";
import { ToldList } from "./ToldList";

type Trade = Schemas["Trade"];

/** What fills of one order come to; null without a fill. */
export function filledOf(trades: readonly Trade[]) {
  const fills = trades.filter(({ price, qty }) => price !== null && qty > 0);
  const qty = fills.reduce((sum, fill) => sum + fill.qty, 0);
  if (qty === 0) return null;
  const mean = (of: (fill: Trade) => string | null) =>
    fills.some((fill) => of(fill) === null)
      ? null
      : fills.reduce((sum, fill) => sum + Number(of(fill)) * fill.qty, 0) / qty;
  const decided = mean(({ decision_price }) => decision_price);
  const slippage = fills.some((fill) => fill.slippage === null)
    ? null
    : fills.reduce((sum, fill) => sum + Number(fill.slippage), 0);
  return {
    fills,
    qty,
    price: mean(({ price }) => price),
    decided,
    slippage,
    slippageBp: slippage === null || !decided ? null : (slippage / (decided * qty)) * 10_000,
    commission: fills.reduce((sum, fill) => sum + Number(fill.commission), 0),
  };
}

export function OrderStep({
  order,
  trades,
  told,
  at,
  stop,
}: {
  order: Schemas["Order"] | null;
  trades: readonly Trade[];
  /** What a broker said of it; nothing on paper. */
  told: readonly Schemas["Told"][];
  at: string | undefined;
  stop: string | null;
}) {
  const filled = filledOf(trades);
  const [first] = trades;
  const side = order?.side ?? first?.side;
  const id = order?.id ?? first?.order_id;
  if (!side || !id) {
    return (
      <Step title="Order, fill" state="none">
        <p className="text-muted">No order of this is kept.</p>
      </Step>
    );
  }
  const ticker = order?.ticker ?? first?.ticker ?? "";
  const last = trades.at(-1);
  const waits = order?.status === "PENDING" || order?.status === "SUBMITTED";
  const open = waits || order?.status === "ACCEPTED" || order?.status === "UNKNOWN";
  return (
    <Step
      title={filled && filled.fills.length > 1 ? "Order, fills" : "Order, fill"}
      state={filled ? "good" : open ? "none" : "bad"}
      when={last ? <Moment at={last.at} beside={at} /> : undefined}
    >
      <p className="node-lead num">
        {format.words(side)} {format.count(order?.qty ?? filled?.qty)}{" "}
        {order?.limit_price
          ? `at $${format.price(order.limit_price)} or better`
          : order?.type === "MARKET"
            ? "at market"
            : format.words(order?.type ?? "")}
      </p>
      {filled ? null : (
        <p className="mb-1">
          {open
            ? "It waits for its fill."
            : `${format.words(order?.status ?? "UNKNOWN")}: no fill.`}
        </p>
      )}
      <Figures
        rows={[
          filled && order && filled.qty !== order.qty
            ? ["Filled", `${format.count(filled.qty)} of ${format.count(order.qty)}`]
            : null,
          filled?.price
            ? ["Worth", format.dollars(filled.price * filled.qty), "Shares × price"]
            : null,
          filled?.decided
            ? ["Decided", format.dollars(filled.decided, format.priceDecimals(filled.decided))]
            : null,
          filled?.price ? ["Filled", format.dollars(filled.price, 4)] : null,
          filled?.slippageBp === null || !filled
            ? null
            : [
                "Slippage",
                `${format.fixed(filled.slippageBp, 1, true)} bp`,
                "How much worse than the price it was decided at",
              ],
          filled?.slippage === null || !filled
            ? null
            : ["Its cost", format.dollars(filled.slippage, 2)],
          filled ? ["Commission", format.dollars(filled.commission, 2)] : null,
          stop ? ["Stop now", format.dollars(stop, 2)] : null,
          order?.stop_price
            ? ["Stop there", format.dollars(order.stop_price, 2), "Held by the broker beside it"]
            : null,
          order?.target_price
            ? [
                "Target there",
                format.dollars(order.target_price, 2),
                "Held by the broker beside it",
              ]
            : null,
          ["Order", <OrderId id={id} ticker={ticker} trade={last?.id} />, id],
        ]}
      />
      {filled && filled.fills.length > 1 ? (
        <ul className="fills num">
          {filled.fills.map((fill) => (
            <li key={fill.id}>
              <Moment at={fill.at} beside={at} />
              <span>
                {format.count(fill.qty)} at {format.money(fill.price, 4)}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      <ToldList told={told} at={at} />
    </Step>
  );
}

const SHORT = 12;

/** The order's id, which leads to its fills. */
function OrderId({ id, ticker, trade }: { id: string; ticker: string; trade: string | undefined }) {
  const short = <span className="mono">{id.slice(0, SHORT)}</span>;
  if (!trade) return short;
  const to = `/trades?show=filled&ticker=${encodeURIComponent(ticker)}&open=${trade}`;
  return (
    <Link className="link" to={to}>
      {short}
      <span className="sr"> among the fills</span>
    </Link>
  );
}
