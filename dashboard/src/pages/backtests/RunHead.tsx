/** The page's head: which run this is, to run it again, and which one it is compared with. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { useRole } from "../../app/clock";
import { backtestsQuery, limitsQuery } from "../../api/queries";
import { Icon } from "../../components/Icon";
import { Delta } from "../../components/values";
import * as format from "../../format/format";
import { searchOf } from "./asked";
import { Status } from "./jobs";
import { briefly, nameOf, type Run } from "./runs";
import type { Shown } from "./shown";

export function Head({ run }: { run: Run }) {
  const { trader } = useRole();
  return (
    <div className="pagehead">
      <Link className="btn ghost s" to="/backtests">
        <span className="rotate-180">
          <Icon name="right" size={12} />
        </span>
        Backtests
      </Link>
      <h1>{nameOf(run)}</h1>
      <span className="text-12 text-muted">
        <Status run={run} />
      </span>
      <span className="spacer" />
      {run.asked && trader ? (
        <Link className="btn s" to={`/backtests?${searchOf(run.asked)}`}>
          Run again
        </Link>
      ) : (
        <button
          type="button"
          className="btn s"
          disabled
          title={
            run.asked
              ? "A trader or owner can run backtests"
              : "It was run by the command line, with settings that are not known here"
          }
        >
          Run again
        </button>
      )}
    </div>
  );
}

/** One run's name, parameters and return, in the colour of its line. */
export function RunCard({ shown, two }: { shown: Shown; two: boolean }) {
  const limits = useQuery(limitsQuery()).data;
  const { run, figures, label, colour } = shown;
  return (
    <section
      className="card grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 px-4 py-3"
      aria-label={label}
    >
      <span
        className="h-[3px] w-3 rounded-badge"
        style={{ background: `var(${colour})` }}
        aria-hidden="true"
      />
      <h2 className="truncate">{two ? label : nameOf(run)}</h2>
      <span className="row-span-2 text-20 font-semibold tracking-tight md:text-28">
        <Delta value={figures.total_return} of="fraction" />
      </span>
      <p className="col-start-2 text-12 text-muted num">
        {briefly(run, limits)} · ends at{" "}
        <span className="whitespace-nowrap">{format.dollars(figures.final_equity, 2)}</span>
      </p>
    </section>
  );
}

interface CompareProps {
  run: Run;
  value: string;
  onChange: (runId: string) => void;
}

/** Which finished run to put beside this one. */
export function CompareWith({ run, value, onChange }: CompareProps) {
  const runs = useQuery(backtestsQuery()).data?.backtests ?? [];
  const limits = useQuery(limitsQuery()).data;
  const others = runs.filter((each) => each.figures && each.run_id !== run.run_id);
  const known = value === "" || others.some(({ run_id }) => run_id === value);
  return (
    <label className="card grid min-w-0 content-center gap-1 px-4 py-3 text-12 font-medium text-muted">
      Compare with
      <select
        className="input text-13 font-normal text-ink"
        value={value}
        disabled={others.length === 0 && value === ""}
        title={others.length === 0 ? "There is no other run with figures" : undefined}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{others.length === 0 ? "No other run yet" : "Nothing"}</option>
        {known ? null : <option value={value}>{value}</option>}
        {others.map((each) => (
          <option key={each.run_id} value={each.run_id}>
            {nameOf(each)}, {format.percent(each.figures?.total_return, { signed: true })},{" "}
            {briefly(each, limits)}
          </option>
        ))}
      </select>
    </label>
  );
}
