/** The equity curve of a period, with what closed on its way. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, useMemo } from "react";

import { historyQuery } from "../../api/queries";
import { lazily } from "../../app/lazily";
import { Segments } from "../../components/controls";
import { Panel } from "../../components/Panel";
import { useNarrow } from "../../components/useNarrow";
import * as format from "../../format/format";
import { closesOf, sentence, stepsOf } from "./figures";
import { MOST_FILLS, RANGES, type Range, usePeriodTrades } from "./period";

const EquityChart = lazily(
  () => import("../../charts/EquityChart"),
  (it) => it.default,
);

/** Arrows only for closes of that many dollars: thirty of them would hide the curve. */
export const WORTH_AN_ARROW = 200;
const HEIGHT = 364;
const HEIGHT_NARROW = 272;

export function EquityPanel({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const history = useQuery(historyQuery(range));
  const trades = usePeriodTrades(range).data?.pages;
  const height = useNarrow() ? HEIGHT_NARROW : HEIGHT;
  const points = history.data?.points;
  const data = useMemo(() => {
    const steps = stepsOf(points ?? []);
    const first = steps[0]?.at ?? "";
    const closes = closesOf(trades?.flatMap((page) => page.trades) ?? []);
    return {
      steps,
      closes: closes.filter(({ at, pnl }) => Math.abs(pnl) >= WORTH_AN_ARROW && at >= first),
    };
  }, [points, trades]);
  return (
    <Panel
      title="Equity"
      query={history}
      height={height + 8}
      meta={<Legend cut={Boolean(trades?.at(-1)?.cursor)} />}
      controls={<Segments label="Range" options={RANGES} value={range} onChange={onRange} />}
      empty={{
        when: ({ points: found }) => found.length < 2,
        title: "No curve yet",
        next: "The account is drawn from its second snapshot on; one is taken every five minutes of trading.",
      }}
    >
      {() => (
        <div className="pr-2 pb-2 pl-4">
          <Suspense fallback={<div style={{ height }} />}>
            <EquityChart data={data} says={sentence(data.steps)} height={height} />
          </Suspense>
        </div>
      )}
    </Panel>
  );
}

/** `cut`: the period has more fills than were asked for, so its first arrows are missing. */
function Legend({ cut }: { cut: boolean }) {
  return (
    <span className="legend desk">
      <span>
        <i />
        Equity
      </span>
      <span>
        <i className="dash" />
        Start
      </span>
      <span>
        <span className="text-gain">↑</span>won
      </span>
      <span>
        <span className="text-loss">↓</span>lost {format.dollars(WORTH_AN_ARROW)} or more
        {cut ? `, of the newest ${format.count(MOST_FILLS)} fills` : ""}
      </span>
    </span>
  );
}
