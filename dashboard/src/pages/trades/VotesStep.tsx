/** How the strategies voted: signed strength, times weight, and the score they come to. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { limitsQuery, strategiesQuery } from "../../api/queries";
import { Direction, strategyColour } from "../../components/values";
import * as format from "../../format/format";
import { CAUSES } from "./checks";
import { Moment, Step } from "./Step";

type Vote = Schemas["Vote"];

/** A vote's strength with its direction as the sign. */
export function signed({ vote, strength }: Pick<Vote, "vote" | "strength">): number {
  return vote === "SHORT" ? -strength : vote === "LONG" ? strength : 0;
}

/** The sum of votes by weight, and the weight that voted. */
export function summed(votes: readonly Vote[]): { sum: number; voted: number } {
  const sum = votes.reduce((all, each) => all + signed(each) * each.weight, 0);
  return { sum, voted: votes.reduce((all, { weight }) => all + weight, 0) };
}

const WHY: Record<string, string> = {
  stop: "A stop decided: its price was reached. Stops ask no strategy.",
  take_profit: "A target decided: its price was reached. Targets ask no strategy.",
  command: "A command decided: somebody closed the position. Commands ask no strategy.",
  delisted: "The ticker is no longer traded: the position was closed without a vote.",
  reconcile: "The broker's positions were taken over: nobody voted.",
};

export function VotesStep({
  signal,
  cause,
  headlineAt,
}: {
  signal: Schemas["Signal"] | null;
  cause: string;
  headlineAt: string | undefined;
}) {
  const all = useQuery(strategiesQuery()).data ?? [];
  const limits = useQuery(limitsQuery()).data;
  if (!signal) {
    return (
      <Step title={cause === "signal" ? "Votes × weights" : (CAUSES[cause] ?? cause)} state="none">
        <p className="text-muted">{WHY[cause] ?? "The signal behind this is not kept."}</p>
      </Step>
    );
  }
  const { votes, at, direction, strength } = signal;
  const { sum, voted } = summed(votes);
  const silent = all.filter(({ id }) => !votes.some(({ strategy }) => strategy === id));
  const score = signed({ vote: direction, strength });
  const threshold = Number(limits?.["ensemble.threshold"] ?? NaN);
  const after = headlineAt ? (Date.parse(at) - Date.parse(headlineAt)) / 1_000 : 0;
  return (
    <Step
      title="Votes × weights"
      state="good"
      when={
        after > 0 ? (
          <span title={format.full(at)}>+{format.duration(after)}</span>
        ) : (
          <Moment at={at} />
        )
      }
    >
      <table className="votes num">
        <thead className="sr">
          <tr>
            <th scope="col">Strategy</th>
            <th scope="col">Vote</th>
            <th scope="col">Weight</th>
            <th scope="col">Part</th>
          </tr>
        </thead>
        <tbody>
          {votes.map((vote) => (
            <tr key={vote.strategy}>
              <Name id={vote.strategy} />
              <td className="r">{format.fixed(signed(vote), 3, true)}</td>
              <td className="r text-muted">× {format.share(vote.weight, 3)}</td>
              <td className="r">{format.fixed(signed(vote) * vote.weight, 3, true)}</td>
            </tr>
          ))}
          {silent.map(({ id }) => (
            <tr key={id} className="silent">
              <Name id={id} />
              <td className="r text-muted" colSpan={3}>
                no vote
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="sum num">
        <span>
          Score{" "}
          <span className="text-muted">
            {format.fixed(sum, 3, true)} ÷ {format.share(voted, 3)} voted
          </span>
        </span>
        <b>{format.fixed(score, 3, true)}</b>
      </p>
      <Scale score={score} threshold={threshold} />
      <p className="said">
        <b className="font-semibold">
          <Direction>{direction}</Direction>
        </b>
        <span className="text-muted num">
          strength {format.share(strength, 3)}
          {Number.isFinite(threshold) ? `, threshold ${format.share(threshold, 3)}` : ""}
        </span>
      </p>
    </Step>
  );
}

function Name({ id }: { id: string }) {
  return (
    <th scope="row">
      <Link to={`/strategies#${encodeURIComponent(id)}`} className="inline-flex items-center gap-2">
        <span className={`dot ${strategyColour(id)}`} />
        <span className="hover:underline">{format.words(id)}</span>
      </Link>
    </th>
  );
}

const place = (value: number) => `${50 + Math.max(-1, Math.min(1, value)) * 50}%`;

/** The score between -1 and 1, with the threshold either way where it is known. */
function Scale({ score, threshold }: { score: number; threshold: number }) {
  const known = Number.isFinite(threshold);
  const part = `${Math.min(1, Math.abs(score)) * 50}%`;
  const ends = known ? [-1, -threshold, threshold, 1] : [-1, 0, 1];
  return (
    <div
      className="scale"
      role="img"
      aria-label={`Score ${format.fixed(score, 3, true)} between minus one and one${
        known ? `, threshold ${format.share(threshold, 3)} either way` : ""
      }`}
    >
      <div className="scale-bar">
        {known ? (
          <span
            className="band"
            style={{ left: place(-threshold), width: `${threshold * 100}%` }}
          />
        ) : null}
        <i style={score < 0 ? { right: "50%", width: part } : { left: "50%", width: part }} />
        {known
          ? [-threshold, threshold].map((at) => (
              <span key={at} className="tick" style={{ left: place(at) }} />
            ))
          : null}
        <span className="zero" />
      </div>
      <div className="scale-ends num">
        {ends.map((at) => (
          <span key={at} style={{ left: place(at) }}>
            {format.fixed(at, Math.abs(at) === 1 || at === 0 ? 0 : 1, true)}
          </span>
        ))}
      </div>
    </div>
  );
}
