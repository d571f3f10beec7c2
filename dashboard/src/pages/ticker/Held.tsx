/** What is held of the ticker, in figures, and Close. */

import type { ReactNode } from "react";

import type { Schemas } from "../../api/client";
import { Age, Delta, None, Value } from "../../components/values";
import * as format from "../../format/format";
import { useOfflineSince } from "../../live/LiveProvider";
import { CloseButton } from "../portfolio/CloseButton";
import { toStop } from "../portfolio/sorting";
import { useClosing } from "../portfolio/useClosing";

export function Held({ position, now }: { position: Schemas["Position"]; now: number | null }) {
  const offline = useOfflineSince() !== null;
  const closing = useClosing(position.ticker);
  const { qty, avg_entry, stop_loss, take_profit, unrealized_pct } = position;
  const decimals = format.priceDecimals(avg_entry);
  const room = toStop(position);
  return (
    <section
      className={offline ? "card is-stale" : "card"}
      aria-label={`Position in ${position.ticker}`}
    >
      <div className="flex flex-wrap items-center gap-x-8 gap-y-2 px-4 py-3">
        <dl className="flex flex-1 flex-wrap gap-x-8 gap-y-2">
          <Fact name="Held">
            {format.count(qty)} at {format.fixed(avg_entry, decimals)}
          </Fact>
          <Fact name="Value $">{format.money(position.value)}</Fact>
          <Fact name="Unrealised $">
            <Delta value={position.unrealized_pnl} /> (
            <Delta value={unrealized_pct === null ? null : unrealized_pct / 100} of="fraction" />)
          </Fact>
          <Fact name="Stop $">
            {stop_loss === null ? (
              <None why="No stop is set" />
            ) : (
              <>
                {format.fixed(stop_loss, decimals)}
                {room === null ? null : (
                  <span className="font-normal text-muted">
                    , {format.percent(room, { decimals: 1 })} away
                  </span>
                )}
              </>
            )}
          </Fact>
          <Fact name="Target $">
            {take_profit === null ? (
              <None why="No target is set" />
            ) : (
              format.fixed(take_profit, decimals)
            )}
          </Fact>
          <Fact name="Age">
            {position.opened_at ? (
              <Age at={position.opened_at} now={now} />
            ) : (
              <None why="No fill that opened it is stored" />
            )}
          </Fact>
        </dl>
        <CloseButton position={position} closing={closing} />
      </div>
      {closing.problem ? (
        <p role="alert" className="bg-loss-bg px-4 py-2 text-12">
          <b className="font-semibold">It was not closed.</b> {closing.problem}
        </p>
      ) : null}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-12 text-muted">{name}</dt>
      <dd>
        <Value>{children}</Value>
      </dd>
    </div>
  );
}
