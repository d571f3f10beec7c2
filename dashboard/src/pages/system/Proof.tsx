/** Proofs that an archived day comes out again, byte for byte: asked for, watched, and sealed. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { useRole } from "../../app/clock";
import { api, dataOf, newKey } from "../../api/client";
import { verificationQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { Panel, said } from "../../components/Panel";
import * as format from "../../format/format";
import { ProofList } from "./ProofList";
import { proofsQuery } from "./proofs";
import { ProofState } from "./ProofState";

/** The proof that is looked at stands in the URL; else it is the newest. */
const SHOWN = "proof";

export function Proof() {
  const query = useQuery(proofsQuery());
  const [search, setSearch] = useSearchParams();
  const show = (id: string) =>
    setSearch(
      (old) => {
        const next = new URLSearchParams(old);
        next.set(SHOWN, id);
        return next;
      },
      { replace: true },
    );
  return (
    <Panel
      title="Replay proof"
      query={query}
      meta={query.data ? `${format.counted(query.data.days.length, "day")} archived` : undefined}
      height={132}
      empty={{
        when: ({ days, verifications }) => days.length === 0 && verifications.length === 0,
        title: "No archived day yet",
        next: "A day can be proved when it has ended and is in the archive; come back after the session.",
      }}
    >
      {({ days, verifications }) => {
        const shown = search.get(SHOWN) ?? verifications[0]?.run_id ?? "";
        return (
          <>
            <Asking days={days} onTaken={show} />
            {shown ? <Watched runId={shown} /> : null}
            {verifications.length > 1 ? (
              <ProofList proofs={verifications} shown={shown} onShow={show} />
            ) : null}
          </>
        );
      }}
    </Panel>
  );
}

interface AskingProps {
  days: readonly string[];
  onTaken: (runId: string) => void;
}

function Asking({ days, onTaken }: AskingProps) {
  const [chosen, choose] = useState("");
  const { trader } = useRole();
  const ask = useVerify(onTaken);
  const day = days.includes(chosen) ? chosen : (days.at(-1) ?? "");
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
          disabled={!trader || day === ""}
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
      void client.invalidateQueries({ queryKey: ["verifications"] });
      void client.invalidateQueries({ queryKey: ["verification", run_id] });
      onTaken(run_id);
    },
  });
}

/** The proof that is looked at. */
function Watched({ runId }: { runId: string }) {
  const query = useQuery(verificationQuery(runId));
  const problem = query.error && !query.data ? said(query.error) : null;
  return (
    <div className="px-4 pb-4">
      {query.data ? (
        <ProofState proof={query.data} />
      ) : problem ? (
        <p role="alert" className="text-12 text-warn">
          {problem.title}. {problem.cause}
        </p>
      ) : (
        <div className="sk" style={{ width: "60%" }} />
      )}
    </div>
  );
}
