/** A run on its way: its status in a word, how far it is, and its end. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useRole } from "../../app/clock";
import { api, dataOf } from "../../api/client";
import { Button } from "../../components/controls";
import { said } from "../../components/Panel";
import { Badge } from "../../components/values";
import * as format from "../../format/format";
import { type Run, unfinished } from "./runs";

const STATUS: Record<Run["status"], { word: string; dot: string; says: string }> = {
  queued: { word: "Queued", dot: "", says: "One runs at a time; it waits for its turn." },
  running: { word: "Running", dot: "warn", says: "It runs as a process of its own." },
  finished: { word: "Finished", dot: "good", says: "It ran to its end." },
  failed: { word: "Failed", dot: "bad", says: "It ended with an error." },
  cancelled: { word: "Cancelled", dot: "", says: "Somebody ended it before its end." },
};

export function Status({ run }: { run: Pick<Run, "status"> }) {
  const { word, dot, says } = STATUS[run.status];
  return (
    <span className="inline-flex items-center gap-2" title={says}>
      <span className={`dot ${run.status === "running" ? "" : dot}`} />
      {word}
    </span>
  );
}

/** The share that is through; null while that is not known. */
function partOf({ progress }: Run): number | null {
  return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
}

/** A bar with the share that is through and the time that is left. */
export function Progress({ run, wide = false }: { run: Run; wide?: boolean }) {
  const part = run.status === "queued" ? null : partOf(run);
  const words =
    run.status === "queued"
      ? "Waiting for its turn"
      : part === null
        ? "Reading the archive"
        : format.percent(part, { decimals: 0 });
  const left = run.eta_seconds === null ? "" : `about ${format.duration(run.eta_seconds)} left`;
  const bars =
    wide && part !== null && run.progress
      ? `${format.count(run.progress.done)} of ${format.count(run.progress.total)} bars`
      : "";
  return (
    <div className={wide ? "grid gap-2" : "grid gap-1"}>
      <div className="flex flex-wrap gap-x-3 text-12 text-muted num">
        <span className="font-medium text-ink">{words}</span>
        {bars ? <span>{bars}</span> : null}
        {left ? <span>{left}</span> : null}
      </div>
      <span
        className={wide ? "meter thick accent" : "meter accent"}
        role="progressbar"
        aria-label="Backtest"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={part === null ? undefined : Math.round(part * 100)}
        aria-valuetext={[words, bars, left].filter(Boolean).join(", ")}
      >
        <i style={{ width: `${(part ?? 0) * 100}%` }} />
      </span>
    </div>
  );
}

/** Ends a run; pending until the run says that it has ended. */
export function Cancel({ run, size = "s" }: { run: Run; size?: "s" | "m" }) {
  const client = useQueryClient();
  const { trader } = useRole();
  const ended = useMutation({
    mutationFn: () =>
      dataOf(api.DELETE("/api/backtest/{run_id}", { params: { path: { run_id: run.run_id } } })),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ["backtest", run.run_id] });
      await client.invalidateQueries({ queryKey: ["backtests"] });
    },
  });
  if (!unfinished(run)) return null;
  const wrong = ended.error ? said(ended.error) : null;
  return (
    <span className="inline-flex items-center gap-2">
      {wrong ? (
        <span role="alert" className="text-12 text-loss">
          {wrong.title}. {wrong.cause}
        </span>
      ) : null}
      <Button
        size={size}
        disabled={!trader}
        title={trader ? undefined : "A trader or owner can end it"}
        pending={(ended.isPending || ended.isSuccess) && "Cancelling..."}
        onClick={() => ended.mutate()}
      >
        Cancel
      </Button>
    </span>
  );
}

/** Why a run has no figures. */
export function Failure({ run }: { run: Run }) {
  if (run.status === "failed") {
    return <span className="text-loss">{run.error || "It failed without a word."}</span>;
  }
  if (run.status === "cancelled") return <Badge>Ended before its end</Badge>;
  return null;
}
