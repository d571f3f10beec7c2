/** The runs, the newest first: where each is, what came of it, and two to compare. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { limitsQuery } from "../../api/queries";
import { Delta, None, Time, Value } from "../../components/values";
import * as format from "../../format/format";
import { Cancel, Failure, Progress, Status } from "./jobs";
import { briefly, nameOf, type Run, unfinished } from "./runs";
import { Scroll } from "../../components/Scroll";

interface ListProps {
  runs: readonly Run[];
  chosen: readonly string[];
  onChoose: (runId: string) => void;
}

export function RunList({ runs, chosen, onChoose }: ListProps) {
  return (
    <Scroll name="Table of runs">
      <table className="table l2">
        <thead>
          <tr>
            <th scope="col" className="w-8">
              <span className="sr">Compare</span>
            </th>
            <th scope="col">Days</th>
            <th scope="col" className="p2">
              Status
            </th>
            <th scope="col" className="r">
              Return <span className="u">%</span>
            </th>
            <th scope="col" className="r p2">
              Sharpe
            </th>
            <th scope="col" className="r p2">
              Max drawdown <span className="u">%</span>
            </th>
            <th scope="col" className="p3">
              Who
            </th>
            <th scope="col" className="p2">
              Asked <span className="u">{format.zone()}</span>
            </th>
            <th scope="col" className="r p2">
              <span className="sr">Act</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row
              key={run.run_id}
              run={run}
              chosen={chosen.includes(run.run_id)}
              full={chosen.length >= 2}
              onChoose={() => onChoose(run.run_id)}
            />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface RowProps {
  run: Run;
  chosen: boolean;
  full: boolean;
  onChoose: () => void;
}

function Row({ run, chosen, full, onChoose }: RowProps) {
  const limits = useQuery(limitsQuery()).data;
  const name = nameOf(run);
  const comparable = run.figures !== null;
  return (
    <tr className="row">
      <td>
        <input
          type="checkbox"
          className="size-4 align-middle accent-(--accent)"
          checked={chosen}
          disabled={!comparable || (full && !chosen)}
          title={!comparable ? "It has no figures" : full && !chosen ? "Two at most" : undefined}
          aria-label={`Compare ${name}, ${briefly(run, limits)}`}
          onChange={onChoose}
        />
      </td>
      <td className="h-[52px] max-md:w-full max-md:max-w-0 md:max-w-[340px]">
        <Link className="font-medium hover:underline" to={`/backtests/${run.run_id}`}>
          {name}
        </Link>
        <span className="block truncate text-12 text-muted">{briefly(run, limits)}</span>
        <span className="sub">
          {unfinished(run) ? <Progress run={run} /> : <Status run={run} />}
        </span>
      </td>
      <td className="p2">
        <Status run={run} />
      </td>
      <Outcome run={run} />
      <td className="p3 max-w-[160px]">
        <span className="block truncate text-muted" title={run.who}>
          {run.who || "command line"}
        </span>
      </td>
      <td className="p2">
        <Time at={run.requested_at} />
        <span className="block text-12 text-muted">{format.day(run.requested_at)}</span>
      </td>
      <td className="r p2">
        <Cancel run={run} />
      </td>
    </tr>
  );
}

/** Figures, or why there are none yet. */
function Outcome({ run }: { run: Run }) {
  const { figures } = run;
  if (figures) {
    return (
      <>
        <td className="r">
          <Delta value={figures.total_return} of="fraction" unit={false} />
        </td>
        <td className="r p2">
          {figures.sharpe === null ? (
            <None why="Needs 2 sessions that differ" />
          ) : (
            <Value>{format.fixed(figures.sharpe, 2)}</Value>
          )}
        </td>
        <td className="r p2">
          <Value>{format.percent(figures.max_drawdown, { unit: false })}</Value>
        </td>
      </>
    );
  }
  return (
    <>
      <td className="r md:hidden">
        <None why="No figures" />
      </td>
      <td className="p2 max-w-[320px]" colSpan={3}>
        {unfinished(run) ? (
          <Progress run={run} />
        ) : (
          <span className="block truncate text-right" title={run.error}>
            <Failure run={run} />
          </span>
        )}
      </td>
    </>
  );
}
