/** Proofs that an archived day comes out again, byte for byte: asked for, watched, and sealed. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { useRole } from "../../app/clock";
import { api, dataOf, newKey } from "../../api/client";
import { backtestsQuery, verificationQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { Panel, said } from "../../components/Panel";
import * as format from "../../format/format";
import { Seal } from "./Seal";

/** The proof that is looked at stands in the URL: the API will list all of them, once. */
const SHOWN = "proof";

export function Proof() {
  const archive = useQuery(backtestsQuery());
  const days = archive.data?.days ?? [];
  return (
    <Panel
      title="Replay proof"
      query={archive}
      meta={days.length > 0 ? `${format.counted(days.length, "day")} archived` : undefined}
      height={132}
      empty={{
        when: (answer) => answer.days.length === 0,
        title: "No archived day yet",
        next: "A day can be proved when it has ended and is in the archive; come back after the session.",
      }}
    >
      {(answer) => <Proving days={answer.days} />}
    </Panel>
  );
}

function Proving({ days }: { days: readonly string[] }) {
  const [search, setSearch] = useSearchParams();
  const runId = search.get(SHOWN) ?? "";
  const [chosen, choose] = useState("");
  const { trader } = useRole();
  const day = days.includes(chosen) ? chosen : (days.at(-1) ?? "");
  const ask = useVerify((id) =>
    setSearch(
      (old) => {
        const next = new URLSearchParams(old);
        next.set(SHOWN, id);
        return next;
      },
      { replace: true },
    ),
  );
  const wrong = ask.error ? said(ask.error) : null;
  return (
    <div className="grid gap-4 px-4 pb-4">
      <p className="max-w-prose text-muted">
        Makes every record of a day again from what the flows read, and compares it byte for byte
        with what was recorded.
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <label>
          <span className="sr">Day to prove</span>
          <select
            className="input w-40"
            value={day}
            onChange={(event) => choose(event.target.value)}
          >
            {[...days].reverse().map((each) => (
              <option key={each} value={each}>
                {format.calendarDay(each)}
              </option>
            ))}
          </select>
        </label>
        <Button
          disabled={!trader}
          title={trader ? undefined : "A trader or owner can ask for a proof"}
          pending={ask.isPending && "Asking..."}
          onClick={() => ask.mutate(day)}
        >
          Prove this day
        </Button>
      </div>
      {wrong ? (
        <p role="alert" className="rounded-card bg-loss-bg p-3 text-12">
          <b className="font-semibold">{wrong.title}.</b> {wrong.cause}
        </p>
      ) : null}
      {runId ? <Watched runId={runId} /> : null}
    </div>
  );
}

/** Asks for one proof; a second try of the same click is the same request. */
function useVerify(onTaken: (runId: string) => void) {
  const client = useQueryClient();
  const sent = useRef({ day: "", key: "" });
  return useMutation({
    mutationFn: (day: string) => {
      if (sent.current.day !== day) sent.current = { day, key: newKey() };
      const params = { header: { "Idempotency-Key": sent.current.key } };
      return dataOf(api.POST("/api/replay/verify", { params, body: { day } }));
    },
    onSuccess: ({ run_id }) => {
      sent.current = { day: "", key: "" };
      void client.invalidateQueries({ queryKey: ["verification", run_id] });
      onTaken(run_id);
    },
  });
}

/** A proof on its way, or what came of it. */
function Watched({ runId }: { runId: string }) {
  const query = useQuery(verificationQuery(runId));
  if (query.error && !query.data) {
    const { title, cause } = said(query.error);
    return (
      <p role="alert" className="text-12 text-warn">
        {title}. {cause}
      </p>
    );
  }
  const proof = query.data;
  if (!proof) return <span className="sk" style={{ width: "60%" }} />;
  if (proof.certificate) return <Seal proof={proof} />;
  if (proof.status === "failed" || proof.status === "cancelled") {
    return (
      <p role="alert" className="text-12">
        <span className="dot bad" /> The proof of {format.calendarDay(proof.day)}{" "}
        {proof.status === "failed" ? "failed" : "was cancelled"}.{" "}
        <span className="mono">{proof.error}</span>
      </p>
    );
  }
  return (
    <p role="status" className="inline-flex items-center gap-2 text-12">
      <span className="spin" aria-hidden="true" />
      {proof.status === "queued"
        ? `${format.calendarDay(proof.day)} waits for its turn: one job runs at a time.`
        : `Making ${format.calendarDay(proof.day)} again and comparing each byte...`}
    </p>
  );
}
