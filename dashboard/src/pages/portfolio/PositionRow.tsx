/** One open position, its shape, its guards, and Close. */

import type { Schemas } from "../../api/client";
import { Spark } from "../../components/Spark";
import { Age, Delta, None, Ticker } from "../../components/values";
import * as format from "../../format/format";
import { CloseButton } from "./CloseButton";
import { toStop } from "./sorting";
import { useClosing } from "./useClosing";

const NEAR_STOP = 0.01;
const COLUMNS = 13;

export function PositionRow({
  position,
  points,
  decimals,
  now,
}: {
  position: Schemas["Position"];
  points: readonly number[];
  decimals: number;
  now: number | null;
}) {
  const closing = useClosing(position.ticker);
  const { ticker, qty, avg_entry, price, unrealized_pct } = position;
  const part = unrealized_pct === null ? null : unrealized_pct / 100;
  const noPrice = "No bar of the last two weeks is stored";
  return (
    <>
      <tr className="row">
        <td>
          <Ticker>{ticker}</Ticker>
          <span className="sub">
            {format.count(qty)} at {format.fixed(avg_entry, decimals)}
          </span>
        </td>
        <td className="r p2">{format.count(qty)}</td>
        <td className="r p2">{format.fixed(avg_entry, decimals)}</td>
        <td className="r p2">
          {price === null ? <None why={noPrice} /> : format.fixed(price, decimals)}
        </td>
        <td className="r p2 p3">{format.money(position.value)}</td>
        <td className="r">
          <Delta value={position.unrealized_pnl} />
          <span className="sub">
            <Delta value={part} of="fraction" />
          </span>
        </td>
        <td className="r p2">
          <Delta value={part} of="fraction" unit={false} />
        </td>
        <td className="p2 p3">
          <Spark points={points} width={72} {...baseOf(points, Number(avg_entry))} />
        </td>
        <Guards position={position} decimals={decimals} />
        <td className="r p2">
          {position.opened_at ? (
            <Age at={position.opened_at} now={now} />
          ) : (
            <None why="No fill that opened it is stored" />
          )}
        </td>
        <td className="r">
          <CloseButton position={position} closing={closing} />
        </td>
      </tr>
      {closing.problem ? (
        <tr>
          <td colSpan={COLUMNS} className="!whitespace-normal bg-loss-bg">
            <p role="alert" className="py-2 text-12">
              <b className="font-semibold">{ticker} was not closed.</b> {closing.problem}
            </p>
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** The entry as a dashed line, where it lies within what is drawn. */
function baseOf(points: readonly number[], entry: number): { base?: number } {
  if (points.length < 2) return {};
  return entry >= Math.min(...points) && entry <= Math.max(...points) ? { base: entry } : {};
}

function Guards({ position, decimals }: { position: Schemas["Position"]; decimals: number }) {
  const { stop_loss, take_profit } = position;
  const room = toStop(position);
  return (
    <>
      <td className="r p2">
        {stop_loss === null ? <None why="No stop is set" /> : format.fixed(stop_loss, decimals)}
      </td>
      <td className="r p2">
        {room === null ? (
          <None why="It needs a stop and a last price" />
        ) : (
          <span
            className={room < NEAR_STOP ? "text-warn" : ""}
            title={`The last price is ${format.percent(room, { decimals: 1 })} from the stop`}
          >
            {format.percent(room, { decimals: 1, unit: false })}
          </span>
        )}
      </td>
      <td className="r p2 p3">
        {take_profit === null ? (
          <None why="No target is set" />
        ) : (
          format.fixed(take_profit, decimals)
        )}
      </td>
    </>
  );
}
