/** One proof: on its way, ended without an answer, or its seal. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useRole } from "../../app/clock";
import { api, dataOf } from "../../api/client";
import { Button } from "../../components/controls";
import { said } from "../../components/Panel";
import * as format from "../../format/format";
import { type Proof, unfinished } from "./proofs";
import { Seal } from "./Seal";

export function ProofState({ proof }: { proof: Proof }) {
  const day = format.calendarDay(proof.day);
  if (proof.certificate) return <Seal proof={proof} />;
  if (unfinished(proof)) {
    return (
      <div className="flex flex-wrap items-center gap-3 text-12">
        <span role="status" className="inline-flex items-center gap-2">
          <span className="spin" aria-hidden="true" />
          {proof.status === "queued"
            ? `${day} waits for its turn: one job runs at a time.`
            : `Making ${day} again and comparing each byte...`}
        </span>
        <Cancel proof={proof} />
      </div>
    );
  }
  return (
    <p role="alert" className="text-12">
      The proof of {day}{" "}
      {proof.status === "cancelled" ? "was cancelled." : "ended without an answer."}{" "}
      <span className="mono [overflow-wrap:anywhere]">{proof.error}</span>
    </p>
  );
}

/** Ends a proof; pending until the proof says that it has ended. */
function Cancel({ proof }: { proof: Proof }) {
  const client = useQueryClient();
  const { trader } = useRole();
  const ended = useMutation({
    mutationFn: () => {
      const params = { path: { run_id: proof.run_id } };
      return dataOf(api.DELETE("/api/replay/verify/{run_id}", { params }));
    },
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ["verification", proof.run_id] });
      await client.invalidateQueries({ queryKey: ["verifications"] });
    },
  });
  return (
    <>
      {ended.error ? (
        <span role="alert" className="text-loss">
          {said(ended.error).cause}
        </span>
      ) : null}
      <Button
        size="s"
        disabled={!trader}
        title={trader ? undefined : "A trader or owner can end it"}
        pending={(ended.isPending || ended.isSuccess) && "Cancelling..."}
        onClick={() => ended.mutate()}
      >
        Cancel
      </Button>
    </>
  );
}
