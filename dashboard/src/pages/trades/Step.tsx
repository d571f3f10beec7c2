/** One knot of the wire: what it is, when it was, and its figures. */

import type { ReactNode } from "react";

import { Icon } from "../../components/Icon";
import * as format from "../../format/format";

/** good: the wire goes on; bad: it broke here; none: nothing is there. */
export type State = "good" | "bad" | "none";

const ICONS = { good: "check", bad: "cross", none: "level" } as const;
const SAID = { good: "", bad: ": broken here", none: ": nothing" };

export function Step({
  title,
  state,
  when,
  children,
}: {
  title: string;
  state: State;
  when?: ReactNode;
  children: ReactNode;
}) {
  return (
    <li className={`node ${state}`}>
      <div className="node-head">
        <span className="knot">
          <Icon name={ICONS[state]} size={12} />
        </span>
        <h3>
          {title}
          <span className="sr">{SAID[state]}</span>
        </h3>
        {when ? <span className="node-when num">{when}</span> : null}
        <i aria-hidden="true" />
      </div>
      <div className="node-body">{children}</div>
    </li>
  );
}

/** Names and figures, one below the other; what is null is left out. */
export function Figures({
  rows,
}: {
  rows: readonly (readonly [name: string, figure: ReactNode, title?: string] | null)[];
}) {
  return (
    <dl className="figures num">
      {rows.map((row) =>
        row ? (
          <div key={row[0]} title={row[2]}>
            <dt>{row[0]}</dt>
            <dd>{row[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

/** A moment of the wire, with its day where that is another than the decision's. */
export function Moment({ at, beside }: { at: string; beside?: string | undefined }) {
  const other = beside !== undefined && !format.sameDay(at, beside);
  return (
    <time dateTime={at} title={format.full(at)}>
      {other ? `${format.day(at)} ${format.clock(at)}` : format.seconds(at)}
    </time>
  );
}
