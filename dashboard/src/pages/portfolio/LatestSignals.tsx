/** The newest signals and what became of each; a row leads to its lineage. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { decisionsQuery, signalsQuery } from "../../api/queries";
import { Panel } from "../../components/Panel";
import { useNarrow } from "../../components/useNarrow";
import { Direction, Ticker, Time } from "../../components/values";
import * as format from "../../format/format";
import { type Told, became, told } from "./outcomes";

const ROWS = 6;
const ASKED = 40; // folded, these fill the rows
const HEIGHT = ROWS * 28 + 8;
const HEIGHT_NARROW = ROWS * 44 + 8;

export function LatestSignals() {
  const height = useNarrow() ? HEIGHT_NARROW : HEIGHT;
  const signals = useQuery(signalsQuery({ limit: ASKED }));
  const decisions = useInfiniteQuery(decisionsQuery({ fold: true, limit: ASKED })).data;
  return (
    <Panel
      title="Latest signals"
      query={signals}
      height={height}
      controls={
        <Link className="link text-12" to="/trades">
          All
        </Link>
      }
      empty={{
        when: (found) => found.length === 0,
        title: "No signal yet",
        next: (
          <>
            Strategies vote once they have seen enough bars.{" "}
            <Link className="link" to="/strategies">
              Which ones are on?
            </Link>
          </>
        ),
      }}
    >
      {(found) => (
        <ol className="pb-2" style={{ minHeight: height }}>
          {told(found, decisions?.pages.flatMap((page) => page.decisions) ?? [])
            .slice(0, ROWS)
            .map((row) => (
              <Row key={row.signal.id} {...row} known={decisions !== undefined} />
            ))}
        </ol>
      )}
    </Panel>
  );
}

const COLUMNS =
  "grid grid-cols-[36px_48px_60px_32px_minmax(0,1fr)] items-center gap-2 px-4 text-12 " +
  "whitespace-nowrap h-7 max-md:h-11";

function Row({ signal, decision, known }: Told & { known: boolean }) {
  return (
    <li className={COLUMNS}>
      <span className="text-muted">
        <Time at={signal.at} />
      </span>
      <Ticker>{signal.ticker}</Ticker>
      <Direction>{signal.direction}</Direction>
      <span className="num text-right">
        <span className="sr">strength </span>
        {format.share(signal.strength)}
      </span>
      <span className="num truncate text-right">
        {decision ? (
          <Outcome decision={decision} />
        ) : (
          <span className="text-muted">{outcomeWithout(signal.acted_on, known)}</span>
        )}
      </span>
    </li>
  );
}

/** What is known of a signal whose decision is not among those asked for. */
function outcomeWithout(acted: boolean | null, known: boolean): string {
  if (acted) return "Order sent";
  if (!known) return "";
  return acted === null ? "Not decided" : "Denied";
}

function Outcome({ decision }: { decision: NonNullable<Told["decision"]> }) {
  const times = decision.count > 1 ? ` × ${format.count(decision.count)}` : "";
  return (
    <Link
      to={`/trades?open=${decision.id}`}
      className={`hover:underline ${decision.accepted ? "" : "text-muted"}`}
      title={decision.accepted ? "Its lineage" : `Limit ${decision.limit}, was ${decision.actual}`}
    >
      {became(decision)}
      {times}
      <span className="sr">: how it came about</span>
    </Link>
  );
}
