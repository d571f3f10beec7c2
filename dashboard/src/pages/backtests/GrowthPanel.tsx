/** The equity of a run, or of two, as growth of 100, with the drawdown below. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, useMemo } from "react";

import { backtestEquityQuery } from "../../api/queries";
import { lazily } from "../../app/lazily";
import { Panel } from "../../components/Panel";
import * as format from "../../format/format";
import { fine, growthOf } from "./growth";
import type { Shown } from "./shown";

const BacktestChart = lazily(
  () => import("../../charts/BacktestChart"),
  (it) => it.default,
);

const HEIGHT = 376;

export function GrowthPanel({ shown }: { shown: readonly Shown[] }) {
  const intraday = shown.every(({ figures }) => fine(figures.first, figures.last));
  const of = intraday ? "curve" : "days";
  const [one, other] = shown;
  const first = useQuery(backtestEquityQuery(one?.run.run_id ?? "", of));
  const second = useQuery({
    ...backtestEquityQuery(other?.run.run_id ?? "", of),
    enabled: other !== undefined,
  });
  const both = other && !second.data ? { ...second, data: undefined } : first;
  const hold = shown[0]?.figures.buy_and_hold ?? null;
  const held = hold === null ? null : (1 + hold) * 100;
  const lines = useMemo(
    () =>
      [first.data, second.data].slice(0, shown.length).map((points, index) => ({
        colour: shown[index]?.colour ?? "--muted",
        ...growthOf(points ?? [], shown[index]?.figures.start_equity ?? "0"),
      })),
    [first.data, second.data, shown],
  );
  const ends = shown.map(({ label, figures }) => ({
    label,
    at: format.fixed((1 + figures.total_return) * 100, 1),
  }));
  const says = `Growth of 100: ${[
    ...ends.map(({ label, at }) => `${label} ends at ${at}`),
    held === null ? "buy and hold is not known" : `buy and hold at ${format.fixed(held, 1)}`,
  ].join(", ")}.`;
  return (
    <Panel
      title="Growth of 100"
      query={both}
      height={HEIGHT + 44}
      className="flex flex-col"
      meta={
        <span className="legend">
          {shown.map(({ label, colour }, index) => (
            <span key={label}>
              <i style={{ background: `var(${colour})` }} />
              {label} <b>{ends[index]?.at}</b>
            </span>
          ))}
          {held === null ? null : (
            <span title="The API knows where buy and hold ended, not its way there">
              <i className="dash" />
              Buy and hold, at the end <b>{format.fixed(held, 1)}</b>
            </span>
          )}
        </span>
      }
      empty={{
        when: (points) => points.length === 0,
        title: "No equity was recorded",
        next: "The run had no session in these days.",
      }}
      footer={
        intraday ? (
          <span>
            Below: drawdown. A point every few minutes, so falls within a day show; Max drawdown
            counts session ends.
          </span>
        ) : (
          <span>Below: drawdown. A point at the end of each session; 100 is before the first.</span>
        )
      }
    >
      {() => (
        <div className="px-2 pb-2" style={{ minHeight: HEIGHT }}>
          <Suspense fallback={<div style={{ height: HEIGHT }} />}>
            <BacktestChart
              lines={lines}
              hold={held}
              intraday={intraday}
              says={says}
              height={HEIGHT}
            />
          </Suspense>
        </div>
      )}
    </Panel>
  );
}
