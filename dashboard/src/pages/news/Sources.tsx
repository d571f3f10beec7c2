/** Where news comes from: each source with how much it told, and how its feed is. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { systemQuery } from "../../api/queries";
import { Panel } from "../../components/Panel";
import { Age, None } from "../../components/values";
import * as format from "../../format/format";
import type { BesideProps } from "./ByTicker";
import { bySource, ofTheDay } from "./figures";
import { articlesOf } from "./useFeed";

type FeedHealth = Schemas["Feed"];

const BODY_PX = 120;

interface Row {
  source: string;
  articles: number;
  last: number | null;
  feed: FeedHealth | undefined;
}

/** Sources of articles, and feeds that have told nothing yet. */
function rowsOf(articles: ReturnType<typeof bySource>, feeds: readonly FeedHealth[]): Row[] {
  const heard = articles.map((each) => ({
    ...each,
    feed: feeds.find(({ feed }) => feed === each.source),
  }));
  const silent = feeds.filter(({ feed }) => !articles.some(({ source }) => source === feed));
  return [
    ...heard,
    ...silent.map((feed) => ({ source: feed.feed, articles: 0, last: null, feed })),
  ];
}

export function Sources({ overview, now, filters, filter }: BesideProps) {
  const feeds = useQuery(systemQuery()).data?.feeds ?? [];
  const today = now === null ? [] : ofTheDay(articlesOf(overview.data), now);
  const rows = overview.data && rowsOf(bySource(today), feeds);
  return (
    <Panel
      title="Sources"
      query={{ ...overview, data: rows }}
      height={BODY_PX}
      meta="24 h"
      empty={{
        when: (found) => found.length === 0,
        title: "No source yet",
        next: (
          <>
            <code className="mono">tidewire feeds</code> says how the feeds are.
          </>
        ),
      }}
      footer={
        feeds.length ? (
          <Link className="link" to="/system">
            How the feeds are
          </Link>
        ) : undefined
      }
    >
      {(found) => (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col" className="r">
                No.
              </th>
              <th scope="col" className="r">
                Last, ago
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ source, articles, last, feed }) => {
              const on = filters.source === source;
              return (
                <tr key={source} className={on ? "row open" : "row"}>
                  <td className="max-w-[180px]">
                    <span className="flex items-center gap-2">
                      {feed ? <Health feed={feed} /> : null}
                      <button
                        type="button"
                        className="truncate underline-offset-3 hover:underline max-md:h-11"
                        aria-pressed={on}
                        title={on ? "Show all sources" : `Only news from ${source}`}
                        onClick={() => filter({ source: on ? "" : source })}
                      >
                        {source}
                      </button>
                    </span>
                  </td>
                  <td className="r num">{format.count(articles)}</td>
                  <td className="r">
                    {last === null ? <None why="nothing in 24 h" /> : <Age at={last} now={now} />}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Health({ feed }: { feed: FeedHealth }) {
  const well = feed.state === "healthy";
  const tone = well ? "good" : feed.state === "failing" ? "bad" : "";
  return (
    <span title={feed.detail || feed.state}>
      <span className={`dot ${tone}`} />
      <span className="sr">{feed.state}</span>
    </span>
  );
}
