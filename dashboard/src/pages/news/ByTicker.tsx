/** Tickers by how much is told of them: their scores over a day, and the mean. */

import { useState } from "react";

import { Button } from "../../components/controls";
import { type Asked, Panel } from "../../components/Panel";
import { ScoreBars } from "../../components/Spark";
import { Delta } from "../../components/values";
import * as format from "../../format/format";
import type { Filtering } from "./FilterBar";
import { type TickerFigures, byTicker, ofTheDay, published } from "./figures";
import { type Pages, articlesOf } from "./useFeed";

const AT_FIRST = 15;
const BODY_PX = 400;

export interface BesideProps extends Filtering {
  overview: Asked<Pages> & { hasNextPage: boolean };
  /** The run's now; null before it is known. */
  now: number | null;
}

export function ByTicker({ overview, now, filters, filter }: BesideProps) {
  const [all, showAll] = useState(false);
  const articles = articlesOf(overview.data);
  const today = now === null ? [] : ofTheDay(articles, now);
  const figures = overview.data && byTicker(today);
  // The newest articles do not reach back a whole day: say so.
  const cut = overview.hasNextPage && today.length === articles.length;
  return (
    <Panel
      title="By ticker"
      query={{ ...overview, data: figures }}
      height={BODY_PX}
      meta={
        today.length
          ? `24 h, ${cut ? "the newest " : ""}${format.counted(today.length, "article")}`
          : undefined
      }
      empty={{
        when: (found) => found.length === 0,
        title: "Nothing was scored in 24 h",
        next: "Tickers come with the first article that names one.",
      }}
      footer={
        figures && figures.length > AT_FIRST ? (
          <Button kind="ghost" size="s" aria-expanded={all} onClick={() => showAll(!all)}>
            {all ? "Show fewer" : `Show all ${format.count(figures.length)} tickers`}
          </Button>
        ) : undefined
      }
    >
      {(found) => (
        <Table
          figures={all ? found : found.slice(0, AT_FIRST)}
          from={Math.min(...today.map(published))}
          now={now ?? 0}
          filters={filters}
          filter={filter}
        />
      )}
    </Panel>
  );
}

interface TableProps extends Filtering {
  figures: TickerFigures[];
  /** Where the bars begin: the first article of the 24 hours. */
  from: number;
  now: number;
}

function Table({ figures, from, now, filters, filter }: TableProps) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Ticker</th>
          <th scope="col">
            Scores since <time title={format.full(from)}>{format.clock(from)}</time>
          </th>
          <th scope="col" className="r" aria-sort="descending">
            No. ↓
          </th>
          <th scope="col" className="r" title="Mean of its scores in the last 24 hours">
            Mean
          </th>
        </tr>
      </thead>
      <tbody>
        {figures.map(({ ticker, scores, mean }) => {
          const on = filters.ticker === ticker;
          return (
            <tr key={ticker} className={on ? "row open" : "row"}>
              <td>
                <button
                  type="button"
                  className="ticker max-md:h-11 max-md:min-w-11 max-md:text-left"
                  aria-pressed={on}
                  title={on ? "Show all tickers" : `Only news of ${ticker}`}
                  onClick={() => filter({ ticker: on ? "" : ticker })}
                >
                  {ticker}
                </button>
              </td>
              <td>
                <ScoreBars scores={scores} from={from} until={now} width={88} />
                <span className="sr">
                  {[...scores]
                    .sort((one, other) => one.at - other.at)
                    .map(({ score }) => format.score(score))
                    .join(", ")}
                </span>
              </td>
              <td className="r num">{format.count(scores.length)}</td>
              <td className="r">
                <Delta value={mean} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
