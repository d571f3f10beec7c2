/** A card in one of its four states: being fetched, empty, failed, or shown, perhaps out of date. */

import type { ReactNode } from "react";
import { useId } from "react";

import { ApiProblem } from "../api/session";
import * as format from "../format/format";
import { useOfflineSince } from "../live/LiveProvider";
import { Button } from "./controls";
import { Icon } from "./Icon";
import { useNow } from "./useNow";

/** What of a query a panel needs. */
export interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  isFetching: boolean;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

/**
 * A query that is not asked before another has answered: it fails as that one does, and asking again
 * asks that one. Otherwise its panel would wait for ever.
 */
export function after<Q extends Asked<unknown>>(query: Q, before: Asked<unknown>): Q {
  const held = query.data === undefined && !query.error && before.data === undefined;
  if (!held || !before.error) return query;
  const { error, isFetching, refetch } = before;
  return { ...query, error, isFetching, refetch, isPending: false };
}

interface PanelProps<T> {
  title: string;
  query: Asked<T>;
  children: (data: T) => ReactNode;
  /** In the header, after the title. */
  meta?: ReactNode;
  /** At the header's end. */
  controls?: ReactNode;
  /** What an empty panel says: what is missing, and the next step. */
  empty?: { when: (data: T) => boolean; title: string; next: ReactNode };
  /** Of the body in px, so that nothing moves when the data comes. */
  height?: number;
  skeleton?: ReactNode;
  footer?: ReactNode;
  className?: string;
}

/** The reason and the cause of an error, for people. */
export function said(error: unknown): { title: string; cause: string } {
  if (error instanceof ApiProblem) {
    const titles: Record<number, string> = {
      403: "Not with your role",
      404: "Not found",
      429: "Too many requests",
      503: "The API is waiting for a server",
    };
    return { title: titles[error.status] ?? "The API refused this", cause: error.message };
  }
  if (error instanceof TypeError) {
    return {
      title: "The API cannot be reached",
      cause: "Is Tidewire still running? `tidewire status` says so in a terminal.",
    };
  }
  return { title: "Something went wrong", cause: error instanceof Error ? error.message : "" };
}

export function Panel<T>(props: PanelProps<T>) {
  const { title, query, meta, controls, footer, className = "" } = props;
  const id = useId();
  const stale = useStale(query);
  return (
    <section
      className={`card ${stale ? "is-stale" : ""} ${className}`}
      aria-labelledby={id}
      aria-busy={query.isPending}
    >
      <header className={stale ? "stale" : ""}>
        <h2 id={id}>{title}</h2>
        {stale ? <StaleNote since={stale} /> : meta ? <span className="meta">{meta}</span> : null}
        <span className="spacer" />
        {controls}
      </header>
      <PanelBody {...props} />
      {footer ? <footer>{footer}</footer> : null}
    </section>
  );
}

/** The body alone, where a page has a card of its own making. */
export function PanelBody<T>({ query, children, empty, height = 216, skeleton }: PanelProps<T>) {
  if (query.data !== undefined) {
    if (empty?.when(query.data)) {
      return <EmptyState title={empty.title} next={empty.next} height={height} />;
    }
    return <>{children(query.data)}</>;
  }
  if (query.error) {
    return (
      <ErrorState
        error={query.error}
        retry={query.refetch}
        busy={query.isFetching}
        height={height}
      />
    );
  }
  return (
    <div style={{ minHeight: height }}>
      {skeleton ?? <SkeletonLines lines={Math.max(1, Math.floor((height - 24) / 36))} />}
      <span className="sr">Loading</span>
    </div>
  );
}

/** Since when what is shown is out of date, milliseconds; 0: it is not. */
function useStale<T>(query: Asked<T>): number {
  const offline = useOfflineSince();
  if (query.data === undefined) return 0;
  if (offline !== null) return Math.max(offline, query.dataUpdatedAt) || offline;
  return query.error ? query.dataUpdatedAt : 0;
}

function StaleNote({ since }: { since: number }) {
  const now = useNow();
  return (
    <span className="stale-note" title={format.full(since)}>
      <span className="dot warn" />
      {format.duration((now - since) / 1_000)} old
    </span>
  );
}

export function EmptyState({
  title,
  next,
  height = 216,
}: {
  title: string;
  next: ReactNode;
  height?: number;
}) {
  return (
    <div className="state" style={{ minHeight: height }}>
      <p className="title">{title}</p>
      <p>{next}</p>
    </div>
  );
}

export function ErrorState({
  error,
  retry,
  busy = false,
  height = 216,
}: {
  error: unknown;
  retry: () => unknown;
  busy?: boolean;
  height?: number;
}) {
  const { title, cause } = said(error);
  const request = error instanceof ApiProblem ? error.requestId : "";
  return (
    <div className="state" role="alert" style={{ minHeight: height }}>
      <span className="text-warn">
        <Icon name="warn" size={20} />
      </span>
      <p className="title">{title}</p>
      <p>{cause}</p>
      {request ? <p className="mono text-muted">{request.slice(0, 8)}</p> : null}
      <Button onClick={() => void retry()} pending={busy && "Asking..."}>
        Retry
      </Button>
    </div>
  );
}

export function SkeletonLines({ lines }: { lines: number }) {
  return (
    <div className="grid gap-6 px-4 py-3" aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="sk" style={{ width: `${92 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** A button that asks for the next page; says when there is none. */
export function More({
  query,
  none = "That is all.",
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  none?: string;
}) {
  if (!query.hasNextPage) return <span>{none}</span>;
  return (
    <Button
      size="s"
      onClick={() => void query.fetchNextPage()}
      pending={query.isFetchingNextPage && "Loading..."}
    >
      Show more
    </Button>
  );
}
