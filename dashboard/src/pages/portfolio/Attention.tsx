/** "Is anything wrong?" in one line: all clear with what was checked, or the first problem. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { deadLettersQuery, systemQuery } from "../../api/queries";
import { Icon } from "../../components/Icon";
import { said } from "../../components/Panel";
import { findProblems } from "./problems";

export function Attention() {
  return (
    <div role="status" className="flex min-h-5 min-w-0 flex-wrap items-center gap-x-2 text-12">
      <Line />
    </div>
  );
}

function Line() {
  const system = useQuery(systemQuery());
  const letters = useInfiniteQuery(deadLettersQuery()).data?.pages;
  if (system.error) {
    return <Problem title="The system cannot be checked" detail={said(system.error).cause} />;
  }
  if (!system.data) return <span className="text-muted">Checking the system...</span>;
  const count = letters?.reduce((sum, page) => sum + page.dead_letters.length, 0);
  const more = Boolean(letters?.at(-1)?.cursor);
  const { problem, checked } = findProblems(
    system.data,
    count === undefined ? null : { count, more },
  );
  if (problem) return <Problem {...problem} />;
  return (
    <>
      <span className="text-gain">
        <Icon name="check" />
      </span>
      <b className="font-semibold">All clear</b>
      {checked.map((fact, index) => (
        <span key={fact} className={index ? "desk text-muted" : "text-muted"}>
          <span aria-hidden="true">· </span>
          {fact}
        </span>
      ))}
    </>
  );
}

function Problem({ title, detail, more = 0 }: { title: string; detail: string; more?: number }) {
  return (
    <>
      <span className="text-warn">
        <Icon name="warn" />
      </span>
      <b className="font-semibold text-warn">{title}</b>
      <span className="text-muted">{detail}</span>
      <Link className="link" to="/system">
        {more > 0 ? `System: this and ${more} more` : "System"}
      </Link>
    </>
  );
}
