/** The weights now: a ring, and beside it the numbers. */

import { Suspense } from "react";

import { lazily } from "../../app/lazily";
import { type Asked, Panel } from "../../components/Panel";
import { Badge, StrategyName } from "../../components/values";
import * as format from "../../format/format";
import { type Strategy, inOrder } from "./weights";

const Ring = lazily(
  () => import("./WeightCharts"),
  (it) => it.Ring,
);

const BODY_PX = 232;
const RING_PX = 116;

const weightOf = ({ weight }: { weight: number }) => format.percent(weight, { decimals: 1 });

export function WeightsPanel({
  query,
  floor,
}: {
  query: Asked<Strategy[]>;
  floor: string | undefined;
}) {
  return (
    <Panel
      title="Weights now"
      query={query}
      height={BODY_PX}
      className="flex flex-col"
      empty={{
        when: (found) => found.length === 0,
        title: "Nothing is weighed yet",
        next: "Weights come with the run's strategies.",
      }}
    >
      {(found) => <Weights strategies={inOrder(found)} floor={floor} />}
    </Panel>
  );
}

function Weights({ strategies, floor }: { strategies: Strategy[]; floor: string | undefined }) {
  const active = strategies.filter((each) => each.active).length;
  const says = strategies.map((each) => `${format.words(each.id)} ${weightOf(each)}`).join(", ");
  return (
    <div
      className="body grid flex-1 grid-cols-[auto_minmax(0,1fr)] items-center gap-5"
      style={{ minHeight: BODY_PX }}
    >
      <figure className="relative" style={{ width: RING_PX, height: RING_PX }}>
        <div aria-hidden="true">
          <Suspense>
            <Ring strategies={strategies} size={RING_PX} />
          </Suspense>
          <p className="absolute inset-0 grid place-content-center text-center">
            <span className="num text-20 font-semibold">{format.count(active)}</span>
            <span className="text-12 text-muted">active</span>
          </p>
        </div>
        <figcaption className="sr">A ring of the weights: {says}.</figcaption>
      </figure>
      <ul className="grid gap-2">
        {strategies.map((each) => (
          <li key={each.id} className="flex items-center gap-2 whitespace-nowrap">
            <StrategyName id={each.id} />
            {each.active ? null : <Badge>off</Badge>}
            <b className="num ml-auto font-semibold">{weightOf(each)}</b>
          </li>
        ))}
        {floor === undefined ? null : (
          <li className="flex justify-between border-t border-line pt-2 text-muted">
            <span className="pl-4">Floor</span>
            <span className="num">{format.percent(Number(floor), { decimals: 1 })}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
