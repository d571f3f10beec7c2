/** How much of the equity is at work, against what the limits allow. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Schemas } from "../../api/client";
import { limitsQuery } from "../../api/queries";
import { Meter } from "../../components/controls";
import { Panel } from "../../components/Panel";
import { None, Ticker } from "../../components/values";
import * as format from "../../format/format";
import { useAccount } from "./period";

const BPS = 10_000;
const HEIGHT = 136;

/** The largest position, and what is lost when every stop is hit; `bare` have none. */
export function risksOf(positions: readonly Schemas["Position"][]) {
  let largest: Schemas["Position"] | null = null;
  let risk = 0;
  let bare = 0;
  for (const each of positions) {
    if (!largest || Math.abs(Number(each.value)) > Math.abs(Number(largest.value))) largest = each;
    if (each.stop_loss === null || each.price === null) bare += 1;
    else risk += Math.max(0, (Number(each.price) - Number(each.stop_loss)) * each.qty);
  }
  return { largest, risk, bare };
}

export function Exposure() {
  const { account } = useAccount();
  const limits = useQuery(limitsQuery()).data;
  const limit = limits ? Number(limits["risk.max_exposure_bps"] ?? NaN) / BPS : null;
  return (
    <Panel
      title="Exposure"
      query={account}
      height={HEIGHT}
      controls={
        limit === null || Number.isNaN(limit) ? null : (
          <span className="num text-12 text-muted">
            limit {format.percent(limit, { decimals: 0 })} of equity
          </span>
        )
      }
    >
      {(data) => <Body account={data} limit={limit} limits={limits ?? {}} />}
    </Panel>
  );
}

function Body({
  account,
  limit,
  limits,
}: {
  account: Schemas["Portfolio"];
  limit: number | null;
  limits: Record<string, string>;
}) {
  const { positions } = useAccount();
  const { largest, risk, bare } = risksOf(positions.data ?? []);
  const equity = Number(account.equity);
  const exposure = Number(account.exposure);
  const used = account.exposure_pct === null ? null : account.exposure_pct / 100;
  const over = limit !== null && used !== null && used > limit;
  const most = Number(limits["risk.position_bps"] ?? NaN) / BPS;
  return (
    <div className="body !pb-2">
      <div className="mb-2 flex items-baseline justify-between gap-2">
        <span className="value text-20 !font-semibold">
          {used === null ? (
            <None why="There is no equity to compare with" />
          ) : (
            format.percent(used, { decimals: 1 })
          )}
        </span>
        <span className="num text-12 text-muted">
          {format.dollars(exposure)} in {format.counted(account.positions, "position")}
        </span>
      </div>
      <Meter
        thick
        value={used ?? 0}
        label="Exposure"
        tone={over ? "bad" : "accent"}
        {...(limit === null || Number.isNaN(limit) ? {} : { mark: Math.min(1, limit) })}
      />
      <dl className="kv mt-3 grid">
        <Fact term="Room for entries">
          {limit === null ? null : format.dollars(Math.max(0, equity * limit - exposure))}
        </Fact>
        <Fact
          term={
            Number.isNaN(most)
              ? "Largest position"
              : `Largest, entered at ${format.percent(most, { decimals: 0 })} at most`
          }
        >
          {largest ? (
            <>
              <Ticker>{largest.ticker}</Ticker>{" "}
              {format.percent(Math.abs(Number(largest.value)) / equity, { decimals: 1 })}
            </>
          ) : (
            <None why="Nothing is held" />
          )}
        </Fact>
        <Fact
          term={
            bare ? `If stops are hit (${format.count(bare)} without one)` : "If every stop is hit"
          }
        >
          {positions.data ? format.dollars(-risk) : null}
        </Fact>
      </dl>
    </div>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
