/** Strategies: what each weighs and how it does, how weights came about, and what bound them. */

import { useQuery } from "@tanstack/react-query";

import { limitsQuery, strategiesQuery } from "../../api/queries";
import { after, Panel, SkeletonLines } from "../../components/Panel";
import * as format from "../../format/format";
import { Adjustments } from "./Adjustments";
import { HistoryPanel } from "./HistoryPanel";
import { StrategyCard } from "./StrategyCard";
import { useHistories } from "./useHistories";
import { type Limits, type Strategy, inOrder } from "./weights";
import { WeightsPanel } from "./WeightsPanel";

const CARD_PX = 260;

/** How often learning weighs anew, by which rule. */
function learningWords(limits: Limits | undefined): string {
  if (!limits) return "";
  const rule = limits["learning.rule"];
  if (rule === "fixed") return "learning is off: weights are fixed";
  const cycle = Number(limits["learning.cycle_sessions"]);
  const often = cycle === 1 ? "each session" : `every ${format.counted(cycle, "session")}`;
  return `learning weighs anew after ${often}, by the rule ${rule}`;
}

export default function Strategies() {
  const query = useQuery(strategiesQuery());
  const limits = useQuery(limitsQuery()).data;
  const strategies = query.data && inOrder(query.data);
  const histories = after(useHistories(strategies), query);
  return (
    <>
      <div className="pagehead">
        <h1>Strategies</h1>
        <span className="text-12 text-muted">{learningWords(limits)}</span>
      </div>
      {strategies?.length ? (
        <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,300px),1fr))] gap-(--gap)">
          {strategies.map((strategy) => (
            <StrategyCard
              key={strategy.id}
              strategy={strategy}
              others={strategies.filter(({ id, active }) => active && id !== strategy.id).length}
              history={histories.data?.[strategy.id]}
            />
          ))}
        </div>
      ) : (
        <NoCards query={query} />
      )}
      {/* below cards of which nobody knows how many there will be: new ones, none that move */}
      <div
        key={strategies ? "known" : "asked"}
        className="grid gap-(--gap) xl:grid-cols-[340px_minmax(0,1fr)]"
      >
        <WeightsPanel query={query} floor={limits?.["learning.floor"]} />
        <HistoryPanel histories={histories} strategies={strategies ?? []} limits={limits} />
      </div>
      <Adjustments
        key={strategies ? "log" : "no log"}
        histories={histories}
        strategies={strategies ?? []}
        limits={limits}
      />
    </>
  );
}

/** In the place of the cards while there are none. */
function NoCards({ query }: { query: Parameters<typeof Panel<Strategy[]>>[0]["query"] }) {
  return (
    <Panel
      title="Strategies"
      query={query}
      height={CARD_PX}
      skeleton={<SkeletonLines lines={7} />}
      empty={{
        when: (found) => found.length === 0,
        title: "The run has no strategies yet",
        next: (
          <>
            They are there once the run has begun; <code className="mono">tidewire status</code>{" "}
            says how far it is.
          </>
        ),
      }}
    >
      {() => null}
    </Panel>
  );
}
