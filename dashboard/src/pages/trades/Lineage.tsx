/**
 * The lineage of one decision: a wire of five knots, from the headline to what was learnt.
 *
 * A denial breaks the wire at its checks; the numbers of all checks stay.
 */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import type { Schemas } from "../../api/client";
import { decisionQuery, positionsQuery, tradeQuery } from "../../api/queries";
import { ErrorState } from "../../components/Panel";
import { useEvents } from "../../live/LiveProvider";
import type { LiveEvent } from "../../live/connection";
import { ChecksStep } from "./ChecksStep";
import { DeniedStep, ThenStep } from "./DenialSteps";
import { type Following, useFollowing } from "./following";
import { HeadlineStep } from "./HeadlineStep";
import { OrderStep } from "./OrderStep";
import { OutcomeStep } from "./OutcomeStep";
import { VotesStep } from "./VotesStep";
import "./lineage.css";

type Answer = Schemas["Lineage"];
type Decided = Schemas["Decided"];

const HEIGHT = 320;

/** The lineage of a decision's or a trade's id. */
export function useLineage(id: string) {
  const decision = id.startsWith("dec-");
  const ofDecision = useQuery({ ...decisionQuery(id), enabled: decision });
  const ofTrade = useQuery({ ...tradeQuery(id), enabled: !decision });
  const query = decision ? ofDecision : ofTrade;
  useRenewed(query.data?.order?.id);
  return query;
}

const TELLS = ["broker.events", "trades.executed", "executions.corrected", "learning.outcomes"];

/** Asks anew when something happens to the order. */
function useRenewed(order: string | undefined): void {
  const client = useQueryClient();
  const heard = useCallback(
    (events: LiveEvent[]) => {
      const told = events.some(
        ({ kind, data }) =>
          TELLS.includes(kind) && (data["order_id"] === order || data["exit_order_id"] === order),
      );
      if (order && told) void client.invalidateQueries({ queryKey: ["lineage"] });
    },
    [client, order],
  );
  useEvents(heard);
}

export function Lineage({
  id,
  alike = 1,
  firstAt,
}: {
  id: string;
  /** Denials that stand as one row with this. */
  alike?: number;
  firstAt?: string;
}) {
  const query = useLineage(id);
  return (
    <div className="lineage" style={{ minHeight: HEIGHT }} aria-busy={query.isPending}>
      {query.data ? (
        <Wire lineage={query.data} alike={alike} firstAt={firstAt} />
      ) : query.error ? (
        <ErrorState
          error={query.error}
          retry={query.refetch}
          busy={query.isFetching}
          height={HEIGHT - 36}
        />
      ) : (
        <Skeleton />
      )}
    </div>
  );
}

function Wire({
  lineage,
  alike,
  firstAt,
}: {
  lineage: Answer;
  alike: number;
  firstAt: string | undefined;
}) {
  const { decision, signal, headlines } = lineage;
  const at = decision?.at ?? signal?.at ?? lineage.trades[0]?.at;
  const cause = decision?.cause ?? "signal";
  const newest = headlines
    .map(({ published_at }) => published_at)
    .sort()
    .at(-1);
  const denied = decision && !decision.accepted ? decision : null;
  return (
    <ol className="wire" aria-label="Lineage, in five steps">
      <HeadlineStep headlines={headlines} at={at} signal={signal} />
      <VotesStep signal={signal} cause={cause} headlineAt={newest} />
      <ChecksStep checks={decision?.checks ?? []} accepted={!denied} />
      {denied ? (
        <>
          <DeniedStep decision={denied} />
          <ThenStep decision={denied} alike={alike} firstAt={firstAt} />
        </>
      ) : decision ? (
        <Done lineage={lineage} decision={decision} />
      ) : (
        <>
          <OrderStep
            order={lineage.order}
            trades={lineage.trades}
            told={lineage.told}
            at={at}
            stop={null}
          />
          <OutcomeStep lineage={lineage} at={at} following={UNKNOWN} />
        </>
      )}
    </ol>
  );
}

const UNKNOWN: Following = { found: null, known: false };

/** The end of a wire that held: the order, and what came of it. */
function Done({ lineage, decision }: { lineage: Answer; decision: Decided }) {
  const { order, trades, told, outcomes } = lineage;
  const opened = order !== null && !order.reduces && outcomes.length === 0;
  const filled = trades.some(({ price }) => price !== null);
  const other = decision.side === "BUY" ? "SELL" : "BUY";
  const following = useFollowing(decision, other, opened && filled);
  const positions = useQuery(positionsQuery()).data;
  const isHeld = opened && filled && following.known && !following.found;
  const held = isHeld ? positions?.find(({ ticker }) => ticker === decision.ticker) : undefined;
  return (
    <>
      <OrderStep
        order={order}
        trades={trades}
        told={told}
        at={decision.at}
        stop={held?.trail ?? held?.stop_loss ?? null}
      />
      <OutcomeStep lineage={lineage} at={decision.at} following={following} />
    </>
  );
}

const LINES = [4, 5, 9, 6, 5];

function Skeleton() {
  return (
    <>
      <span className="sr">Loading</span>
      <div className="wire" aria-hidden="true">
        {LINES.map((lines, index) => (
          <div key={index} className="node none">
            <div className="node-head">
              <span className="knot" />
              <span className="sk" style={{ width: 72 }} />
              <i />
            </div>
            <div className="node-body grid content-start gap-3">
              {Array.from({ length: lines }, (_, line) => (
                <span key={line} className="sk" style={{ width: `${88 - ((line * 19) % 36)}%` }} />
              ))}
            </div>
          </div>
        ))}
      </div>
    </>
  );
}
