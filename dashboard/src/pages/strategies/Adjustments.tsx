/** Every change of a weight: from what to what, why, and which guardrail bound it. */

import { useState } from "react";

import { type Asked, EmptyState, Panel } from "../../components/Panel";
import { Button } from "../../components/controls";
import { Badge, None, StrategyName, Time } from "../../components/values";
import * as format from "../../format/format";
import { useMetrics } from "./useHistories";
import {
  type Adjustment,
  type Histories,
  type Limits,
  type Strategy,
  adjustmentsOf,
  guardrailWords,
  points,
  reasonWords,
  waitsFor,
} from "./weights";
import { Scroll } from "../../components/Scroll";

const AT_FIRST = 25;
const BODY_PX = 216;

interface AdjustmentsProps {
  histories: Asked<Histories>;
  strategies: Strategy[];
  limits: Limits | undefined;
}

export function Adjustments({ histories, strategies, limits }: AdjustmentsProps) {
  const [shown, show] = useState(AT_FIRST);
  const all = histories.data && adjustmentsOf(histories.data);
  return (
    <Panel
      title="Adjustments"
      query={{ ...histories, data: all }}
      height={BODY_PX}
      meta={all ? format.counted(all.length, "change") : undefined}
      controls={
        <span className="desk text-12 text-muted">
          each can be derived again from its outcomes:{" "}
          <code className="mono">tidewire learning verify</code>
        </span>
      }
      footer={
        all && all.length > shown ? (
          <Button size="s" onClick={() => show(shown + AT_FIRST)}>
            Show more
          </Button>
        ) : undefined
      }
    >
      {(found) =>
        found.length === 0 ? (
          <Unmoved strategies={strategies} limits={limits} />
        ) : (
          <Table adjustments={found.slice(0, shown)} limits={limits} />
        )
      }
    </Panel>
  );
}

function Unmoved({ strategies, limits }: { strategies: Strategy[]; limits: Limits | undefined }) {
  const next = waitsFor(useMetrics(strategies), limits);
  return <EmptyState title="No adjustment yet" next={next} height={BODY_PX} />;
}

function Table({ adjustments, limits }: { adjustments: Adjustment[]; limits: Limits | undefined }) {
  return (
    <Scroll name="Table of adjustments">
      <table className="table l2">
        <thead>
          <tr>
            <th scope="col" aria-sort="descending">
              Decided ↓
            </th>
            <th scope="col">Strategy</th>
            <th scope="col" className="r p2">
              From <span className="u">%</span>
            </th>
            <th scope="col" className="r p2">
              To <span className="u">%</span>
            </th>
            <th scope="col" className="r">
              Change <span className="u">pt</span>
            </th>
            <th scope="col" className="p2">
              Holds from
            </th>
            <th scope="col" className="p2">
              Guardrail
            </th>
            <th scope="col" className="p3">
              Because
            </th>
            <th scope="col" className="r p2">
              Outcomes
            </th>
          </tr>
        </thead>
        <tbody>
          {adjustments.map((each) => (
            <Row key={`${each.strategy} ${each.at}`} adjustment={each} limits={limits} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const weight = (part: number) => format.percent(part, { decimals: 1, unit: false });

function Row({ adjustment, limits }: { adjustment: Adjustment; limits: Limits | undefined }) {
  const { old_weight: old, new_weight: now, guardrail, reason } = adjustment;
  const bound = guardrail ? guardrailWords(guardrail, limits) : "";
  return (
    <tr className="row">
      <td className="num">
        <Time at={adjustment.at} style="day" />
        <span className="sub">
          holds from <Time at={adjustment.effective_from} style="day" />
        </span>
      </td>
      <td>
        <StrategyName id={adjustment.strategy} />
        <span className="sub">{bound || "no guardrail"}</span>
      </td>
      <td className="r p2">{weight(old)}</td>
      <td className="r p2">{weight(now)}</td>
      <td className="r">
        {points(now - old)}
        <span className="sub">
          {weight(old)} → {weight(now)}
        </span>
      </td>
      <td className="p2 num">
        <Time at={adjustment.effective_from} style="day" />{" "}
        <span className="text-muted">
          <Time at={adjustment.effective_from} />
        </span>
      </td>
      <td className="p2">
        {bound ? <Badge>{bound}</Badge> : <None why="no guardrail bound it" />}
      </td>
      <td className="p3 text-muted" title={reason}>
        {reasonWords(reason)}
      </td>
      <td className="r p2">{format.count(adjustment.outcomes.length)}</td>
    </tr>
  );
}
