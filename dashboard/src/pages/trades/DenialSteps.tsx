/** Where the wire broke: what denied, and what would have let it through. */

import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { Badge } from "../../components/values";
import * as format from "../../format/format";
import { nameOf, saidOf, thenOf, toldOf, whyOf } from "./checks";
import { useFollowing } from "./following";
import { Figures, Moment, Step } from "./Step";

type Decided = Schemas["Decided"];

export function DeniedStep({ decision }: { decision: Decided }) {
  const { code, checks, side, limit, actual } = decision;
  const denied = checks.find((check) => check.denied);
  const size = checks.find((check) => check.code === "BELOW_ONE_SHARE");
  const cost = checks.find((check) => check.code === "MAX_POSITION_PCT");
  const verb = side === "BUY" ? "buy" : "sell";
  return (
    <Step title="Denied" state="bad" when={<Moment at={decision.at} />}>
      <p className="node-lead">
        <Badge tone="loss" title={saidOf(code)}>
          <span className="mono">{code}</span>
        </Badge>
      </p>
      <p>
        {denied ? whyOf(denied, decision) : `Wanted: ${toldOf(limit)}. Found: ${toldOf(actual)}.`}
      </p>
      <Figures
        rows={[
          size ? [`Would ${verb}`, `${format.count(size.measured)} sh`] : null,
          cost ? ["Its cost", format.dollars(cost.measured), "Slippage and fees included"] : null,
          ["Order", <span className="text-muted">none</span>],
        ]}
      />
    </Step>
  );
}

export function ThenStep({
  decision,
  alike,
  firstAt,
}: {
  decision: Decided;
  alike: number;
  firstAt: string | undefined;
}) {
  const { checks, side, ticker, at } = decision;
  const failed = checks.filter((check) => !check.passed);
  const wanted = decision.cause === "signal" && decision.code !== "NO_POSITION";
  const next = useFollowing(decision, side, wanted);
  const verb = side === "BUY" ? "Bought" : "Sold";
  return (
    <Step title="What then" state="none">
      <p className="text-muted">It would have passed with:</p>
      <ul className="thens">
        {failed.length ? (
          failed.map((check) => (
            <li key={check.code} title={nameOf(check.code)}>
              {thenOf(check, decision)}
            </li>
          ))
        ) : (
          <li>{toldOf(decision.limit)}.</li>
        )}
      </ul>
      {alike > 1 ? (
        <p className="mt-2">
          {format.counted(alike, "denial")} alike, one after the other
          {firstAt ? `, from ${format.seconds(firstAt)}` : ""}. This is the last.
        </p>
      ) : null}
      {next.found ? (
        <p className="mt-2">
          <Link className="link" to={`/trades?ticker=${ticker}&open=${next.found.id}`}>
            {verb} at {format.clock(next.found.at)}
          </Link>{" "}
          instead, {format.duration((Date.parse(next.found.at) - Date.parse(at)) / 1_000)} later
          {next.found.done?.price ? ` at $${format.price(next.found.done.price)}` : ""}.
        </p>
      ) : next.known ? (
        <p className="mt-2 text-muted">
          {ticker} has not been {verb.toLowerCase()} since.
        </p>
      ) : null}
    </Step>
  );
}
