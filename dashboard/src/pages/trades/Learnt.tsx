/** What learning made of an outcome: the weights it moved, or why it moved none. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { limitsQuery, strategyMetricsQuery } from "../../api/queries";
import { StrategyName } from "../../components/values";
import * as format from "../../format/format";
import { GUARDRAILS } from "./checks";

type Adjustment = Schemas["Adjustment"];

export function Learnt({
  adjustments,
  credited,
}: {
  adjustments: readonly Adjustment[];
  /** The strategies that the outcome is credited to. */
  credited: readonly string[];
}) {
  if (adjustments.length === 0) return <Unmoved credited={credited} />;
  return (
    <div className="learnt">
      <h4 className="text-muted">
        <Link className="hover:underline" to="/strategies">
          Weights
        </Link>
      </h4>
      <ul>
        {adjustments.map((each) => (
          <li key={each.id}>
            <span
              className="learnt-line num"
              title={`${each.reason}. Holds from ${format.full(each.effective_from)}`}
            >
              <StrategyName id={each.strategy} />
              <span>
                {format.share(each.old, 3)} → <b>{format.share(each.new, 3)}</b>
              </span>
            </span>
            {each.guardrail ? (
              <span className="text-muted">
                <span className="mono">{each.guardrail}</span>:{" "}
                {GUARDRAILS[each.guardrail] ?? "a guardrail bound it"}
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Why no weight moved: strategies that learning has too few outcomes of, or a cycle to come. */
function Unmoved({ credited }: { credited: readonly string[] }) {
  const limits = useQuery(limitsQuery()).data;
  const found = useQueries({ queries: credited.map((id) => strategyMetricsQuery(id)) });
  const metrics = found.flatMap(({ data }) => (data ? [data] : []));
  if (limits?.["learning.rule"] === "fixed") {
    return <p className="mt-2 text-muted">No weight moved: the weights of this run are fixed.</p>;
  }
  if (metrics.length < credited.length || metrics.length === 0) {
    return <p className="mt-2 text-muted">No weight has moved for it.</p>;
  }
  const short = metrics.filter(({ missing }) => missing > 0);
  const sessions = Number(limits?.["learning.cycle_sessions"] ?? NaN);
  return (
    <p className="mt-2 text-muted">
      No weight has moved for it.{" "}
      {short.length
        ? `${short
            .map(({ strategy, trades }) => `${format.words(strategy)} has ${format.count(trades)}`)
            .join(", ")} of the ${format.count(short[0]?.needed)} outcomes that learning needs.`
        : `Weights are set at the end of ${
            sessions === 1
              ? "each session"
              : Number.isFinite(sessions)
                ? `every ${format.counted(sessions, "session")}`
                : "a cycle"
          }.`}
    </p>
  );
}
