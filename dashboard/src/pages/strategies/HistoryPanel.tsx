/** How the weights went: stacked steps, with a marker where a change began to hold. */

import { Suspense } from "react";
import { useSearchParams } from "react-router";

import { useRunNow } from "../../app/clock";
import { lazily } from "../../app/lazily";
import { Segments } from "../../components/controls";
import { type Asked, EmptyState, Panel } from "../../components/Panel";
import { StrategyName } from "../../components/values";
import * as format from "../../format/format";
import { useMetrics } from "./useHistories";
import {
  type Histories,
  type Limits,
  type Step,
  type Strategy,
  adjustmentsOf,
  marksOf,
  stepsFrom,
  stepsOf,
  waitsFor,
} from "./weights";

const Stack = lazily(
  () => import("./WeightCharts"),
  (it) => it.Stack,
);

const CHART_PX = 216;
const MONTH_MS = 30 * 86_400_000;
const RANGES = [
  { value: "1M", label: "1M" },
  { value: "3M", label: "3M" },
  { value: "all", label: "All" },
] as const;
type Range = (typeof RANGES)[number]["value"];

const isRange = (found: string | null): found is Range =>
  RANGES.some(({ value }) => value === found);

interface HistoryProps {
  histories: Asked<Histories>;
  strategies: Strategy[];
  limits: Limits | undefined;
}

export function HistoryPanel({ histories, strategies, limits }: HistoryProps) {
  const [params, setParams] = useSearchParams();
  const asked = params.get("range");
  const range = isRange(asked) ? asked : "all";
  const choose = (to: Range) =>
    setParams(
      (now) => {
        if (to === "all") now.delete("range");
        else now.set("range", to);
        return now;
      },
      { replace: true },
    );
  return (
    <Panel
      title="Weight history"
      query={histories}
      height={CHART_PX + 16}
      meta={<Legend strategies={strategies} />}
      controls={<Segments label="Range" options={RANGES} value={range} onChange={choose} />}
    >
      {(found) =>
        adjustmentsOf(found).length === 0 ? (
          <Unmoved strategies={strategies} limits={limits} />
        ) : (
          <History histories={found} strategies={strategies} range={range} />
        )
      }
    </Panel>
  );
}

function Unmoved({ strategies, limits }: { strategies: Strategy[]; limits: Limits | undefined }) {
  const metrics = useMetrics(strategies);
  return (
    <EmptyState
      title="No weight has changed yet"
      next={waitsFor(metrics, limits)}
      height={CHART_PX + 16}
    />
  );
}

function Legend({ strategies }: { strategies: Strategy[] }) {
  return (
    <span className="legend desk">
      {strategies.map(({ id }) => (
        <StrategyName key={id} id={id} />
      ))}
      <span>
        <svg width="8" height="6" aria-hidden="true">
          <path d="M0 0h8L4 6z" fill="var(--text)" />
        </svg>
        a change
      </span>
      <span>
        <svg width="8" height="6" aria-hidden="true">
          <path d="M0 0h8L4 6z" fill="var(--warn)" />
        </svg>
        bound by a guardrail
      </span>
    </span>
  );
}

function History({
  histories,
  strategies,
  range,
}: {
  histories: Histories;
  strategies: Strategy[];
  range: Range;
}) {
  const now = useRunNow();
  const changes = adjustmentsOf(histories);
  const last = Math.max(...changes.map(({ effective_from: from }) => Date.parse(from)));
  // A change that is decided lies ahead: some of what follows it is shown.
  const whole = stepsOf(histories, strategies, Math.max(now ?? 0, last));
  const began = whole[0]?.at ?? last;
  const ahead = now !== null && last > now;
  const until = ahead ? last + (last - began) * 0.08 : (whole.at(-1)?.at ?? last);
  const steps = stepsOf(histories, strategies, until);
  const months = range === "1M" ? 1 : range === "3M" ? 3 : Infinity;
  const from = Math.max(began, until - months * MONTH_MS);
  const shown = stepsFrom(steps, from);
  return (
    <figure className="body" style={{ height: CHART_PX + 16 }}>
      <div aria-hidden="true" style={{ height: CHART_PX }}>
        <Suspense>
          <Stack
            steps={shown}
            ids={strategies.map(({ id }) => id)}
            marks={marksOf(changes).filter(({ at }) => at >= from)}
            now={ahead ? now : null}
            height={CHART_PX}
          />
        </Suspense>
      </div>
      <figcaption className="sr">{saysOf(shown, strategies)}</figcaption>
    </figure>
  );
}

/** The chart in a sentence. */
function saysOf(steps: readonly Step[], strategies: readonly Strategy[]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return "";
  const weight = (step: Step, id: string) => format.percent(step.weights[id] ?? 0, { decimals: 1 });
  const moves = strategies.map(
    ({ id }) => `${format.words(id)} from ${weight(first, id)} to ${weight(last, id)}`,
  );
  return `Weights from ${format.date(first.at)} to ${format.date(last.at)}: ${moves.join(", ")}.`;
}
