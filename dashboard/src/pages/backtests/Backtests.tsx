/** Backtests: what may be run, what was, and two to compare. */

import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { useRole } from "../../app/clock";
import { type Schemas } from "../../api/client";
import { backtestsQuery, meQuery, strategiesQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { EmptyState, Panel, SkeletonLines } from "../../components/Panel";
import * as format from "../../format/format";
import { formOf } from "./asked";
import { BacktestForm } from "./BacktestForm";
import { RunList } from "./RunList";
import { daysOf } from "./runs";

export default function Backtests() {
  const query = useQuery(backtestsQuery());
  const [search, setSearch] = useSearchParams();
  const { trader } = useRole();
  const strategies = useQuery(strategiesQuery()).data;
  const days = query.data?.days ?? [];
  const chosen = (search.get("compare") ?? "").split(",").filter(Boolean).slice(0, 2);
  const set = (name: string, value: string) =>
    setSearch(
      (old) => {
        const next = name === "new" ? new URLSearchParams() : new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const choose = (runId: string) =>
    set(
      "compare",
      (chosen.includes(runId) ? chosen.filter((id) => id !== runId) : [...chosen, runId])
        .slice(0, 2)
        .join(","),
    );
  const open = search.has("new");
  return (
    <>
      <div className="pagehead">
        <h1>Backtests</h1>
        <span className="text-12 text-muted num max-md:hidden">{archiveSaid(query.data)}</span>
        <span className="spacer" />
        <Compared chosen={chosen} />
        <Button
          kind={open ? "default" : "primary"}
          size="s"
          disabled={days.length === 0 || !trader}
          title={
            trader
              ? days.length === 0
                ? "The archive has no day yet"
                : undefined
              : "A trader or owner can run backtests"
          }
          aria-expanded={open}
          onClick={() => set("new", open ? "" : "1")}
        >
          New backtest
        </Button>
      </div>
      {query.data ? (
        <Asking answer={query.data} open={open} onClose={() => set("new", "")} />
      ) : null}
      <Panel
        // What comes above it grows with each of the two answers: a new one then, none that moves.
        key={`${query.data !== undefined} ${strategies !== undefined}`}
        title="Runs"
        query={query}
        height={320}
        meta={
          query.data && query.data.backtests.length > 0
            ? `${format.count(query.data.backtests.length)}, newest first · choose two to compare`
            : undefined
        }
        empty={{
          when: ({ backtests }) => backtests.length === 0,
          title: "No backtest yet",
          next: "Run one over the archived days; it takes seconds a session, and touches nothing that trades.",
        }}
      >
        {({ backtests }) => <RunList runs={backtests} chosen={chosen} onChoose={choose} />}
      </Panel>
    </>
  );
}

function archiveSaid(answer: Schemas["Backtests"] | undefined): string {
  if (!answer) return "";
  const [first] = answer.days;
  const last = answer.days.at(-1);
  if (!first || !last) return "archive: no day yet";
  return `archive: ${daysOf(first, last)} · ${format.counted(answer.days.length, "session")}`;
}

/** Leads to the two that are chosen. */
function Compared({ chosen }: { chosen: readonly string[] }) {
  const [one, other] = chosen;
  if (!one || !other) {
    return (
      <Button size="s" disabled title="Choose two runs in the list">
        Compare
      </Button>
    );
  }
  return (
    <Link className="btn s" to={`/backtests/${one}?with=${encodeURIComponent(other)}`}>
      Compare the two
    </Link>
  );
}

interface AskingProps {
  answer: Schemas["Backtests"];
  open: boolean;
  onClose: () => void;
}

/** The form, or why there is none. */
function Asking({ answer, open, onClose }: AskingProps) {
  const [search] = useSearchParams();
  const me = useQuery(meQuery()).data;
  const strategies = useQuery(strategiesQuery()).data;
  const { days, backtests } = answer;
  if (days.length === 0) {
    return (
      <section className="card" aria-label="New backtest">
        <header>
          <h2>New backtest</h2>
        </header>
        <EmptyState
          title="No archived day yet"
          next={
            me?.live === false
              ? "A day comes to the archive when it has ended. This demo is still being played: come back after its session."
              : "The archive gets a day when it has ended; come back after the session."
          }
          height={132}
        />
      </section>
    );
  }
  const shown = open || backtests.length === 0;
  if (!shown) return null;
  if (!strategies) {
    return (
      <section className="card" aria-busy="true">
        <SkeletonLines lines={8} />
      </section>
    );
  }
  const ids = strategies.map(({ id }) => id);
  return (
    <BacktestForm
      key={search.toString().replace(/compare=[^&]*/, "")}
      days={days}
      initial={formOf(search, days, ids)}
      onClose={open ? onClose : undefined}
    />
  );
}
