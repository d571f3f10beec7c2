/** One backtest: on its way with its progress, or what came of it, alone or beside another. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { backtestQuery, limitsQuery } from "../../api/queries";
import { EmptyState, ErrorState, said, SkeletonLines } from "../../components/Panel";
import { GrowthPanel } from "./GrowthPanel";
import { Cancel, Failure, Progress } from "./jobs";
import { Metrics } from "./Metrics";
import { Monthly } from "./Monthly";
import { RoundTrips } from "./RoundTrips";
import { CompareWith, Head, RunCard } from "./RunHead";
import { labelsOf, nameOf, type Run, unfinished } from "./runs";
import { COLOURS, type Shown } from "./shown";
import { ByStrategy, Parameters, Rejects } from "./Tables";

export default function BacktestRun() {
  const { runId = "" } = useParams();
  const query = useQuery(backtestQuery(runId));
  if (query.data) return <Loaded run={query.data} />;
  return (
    <>
      <div className="pagehead">
        <Link className="btn ghost s" to="/backtests">
          Backtests
        </Link>
        <h1>Backtest</h1>
      </div>
      <section className="card" aria-busy={query.isPending}>
        {query.error ? (
          <ErrorState
            error={query.error}
            retry={query.refetch}
            busy={query.isFetching}
            height={420}
          />
        ) : (
          <div style={{ minHeight: 420 }}>
            <SkeletonLines lines={10} />
            <span className="sr">Loading</span>
          </div>
        )}
      </section>
    </>
  );
}

function Loaded({ run }: { run: Run }) {
  return (
    <>
      <Head run={run} />
      {run.figures ? <Finished run={run} /> : <Unfinished run={run} />}
    </>
  );
}

/** On its way, or ended without figures. */
function Unfinished({ run }: { run: Run }) {
  return (
    <>
      <section className="card" aria-labelledby="progress">
        <header>
          <h2 id="progress">{unfinished(run) ? "On its way" : "No figures"}</h2>
          <span className="spacer" />
          <Cancel run={run} size="m" />
        </header>
        <div className="body grid content-start gap-3" style={{ minHeight: 76 }}>
          {unfinished(run) ? (
            <>
              <Progress run={run} wide />
              <p className="text-12 text-muted">
                It is a process of its own: this page may be left, and comes back to the same place.
              </p>
            </>
          ) : run.status === "finished" ? (
            <p className="text-muted">It has finished; its figures are being read.</p>
          ) : (
            <p role="alert" className="mono whitespace-pre-wrap break-words">
              <Failure run={run} />
            </p>
          )}
        </div>
      </section>
      <Parameters run={run} />
    </>
  );
}

function Finished({ run }: { run: Run }) {
  const [search, setSearch] = useSearchParams();
  const withId = search.get("with") ?? "";
  const other = useQuery({ ...backtestQuery(withId), enabled: withId !== "" });
  const limits = useQuery(limitsQuery()).data;
  const theirs = withId && other.data?.figures ? other.data : null;
  const shown = useMemo(() => shownOf(run, theirs, limits), [run, theirs, limits]);
  const [one, second] = shown;
  if (!one) return null;
  const two = second !== undefined;
  const compare = (id: string) => setSearch(id ? { with: id } : {}, { replace: true });
  return (
    <>
      <div
        className={`grid gap-(--gap) ${two ? "xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_240px]" : "md:grid-cols-[minmax(0,1fr)_300px]"}`}
      >
        {shown.map((each) => (
          <RunCard key={each.run.run_id} shown={each} two={two} />
        ))}
        <CompareWith run={run} value={withId} onChange={compare} />
      </div>
      {withId && !two ? <NotComparable run={other.data} error={other.error} /> : null}
      <div className="grid items-start gap-(--gap) xl:grid-cols-[minmax(0,1fr)_372px]">
        <div className="grid min-w-0 gap-(--gap)">
          <GrowthPanel shown={shown} />
          <Monthly shown={one} two={two} />
        </div>
        <Metrics shown={shown} />
      </div>
      <div className="grid items-start gap-(--gap) xl:grid-cols-2">
        <ByStrategy shown={shown} />
        <Rejects shown={one} two={two} />
      </div>
      <Parameters run={run} other={second?.run} />
      <RoundTrips shown={one} two={two} />
    </>
  );
}

function shownOf(run: Run, other: Run | null, limits: Record<string, string> | undefined): Shown[] {
  if (!run.figures) return [];
  const [label, theirs] = other ? labelsOf(run, other, limits) : ["This run", ""];
  const shown: Shown[] = [{ run, figures: run.figures, label, colour: COLOURS[0] }];
  if (other?.figures) {
    shown.push({ run: other, figures: other.figures, label: theirs, colour: COLOURS[1] });
  }
  return shown;
}

/** Why the other one is not there. */
function NotComparable({ run, error }: { run: Run | undefined; error: unknown }) {
  if (!run && !error) return null;
  const title = run ? `${nameOf(run)} has no figures to compare` : said(error).title;
  const next = run ? "It has not finished, or it failed." : said(error).cause;
  return (
    <section className="card" role="status">
      <EmptyState title={title} next={next} height={88} />
    </section>
  );
}
