/** The proofs so far, each to be looked at. */

import { Time } from "../../components/values";
import * as format from "../../format/format";
import { type Proof, wordOf } from "./proofs";
import { Scroll } from "../../components/Scroll";

interface ListProps {
  proofs: readonly Proof[];
  shown: string;
  onShow: (runId: string) => void;
}

export function ProofList({ proofs, shown, onShow }: ListProps) {
  return (
    <Scroll name="Table of proofs" className="border-t border-line">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Outcome</th>
            <th scope="col" className="p2">
              Who
            </th>
            <th scope="col" className="r">
              Asked <span className="u">{format.zone()}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {proofs.map((proof) => {
            const { word, dot } = wordOf(proof);
            return (
              <tr key={proof.run_id} className="row">
                <td>
                  <button
                    type="button"
                    className="link"
                    aria-pressed={proof.run_id === shown}
                    onClick={() => onShow(proof.run_id)}
                  >
                    {format.calendarDay(proof.day)}
                  </button>
                </td>
                <td>
                  <span className="inline-flex items-center gap-2">
                    <span className={`dot ${dot}`} />
                    {word}
                    {proof.run_id === shown ? (
                      <span className="text-muted">shown above</span>
                    ) : null}
                  </span>
                </td>
                <td className="p2 max-w-[160px] truncate text-muted">{proof.who}</td>
                <td className="r">
                  <Time at={proof.requested_at} />{" "}
                  <span className="text-muted">{format.day(proof.requested_at)}</span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}
