/** News: what was told, how it was scored, and what it led to. */

import { useSearchParams } from "react-router";

import { useRunNow } from "../../app/clock";
import * as format from "../../format/format";
import { ByTicker } from "./ByTicker";
import { FeedPanel } from "./FeedPanel";
import { FilterBar } from "./FilterBar";
import { type Article, modelsOf, ofTheDay, tones } from "./figures";
import { type Filters, changed, filtersOf } from "./filters";
import { Sources } from "./Sources";
import { articlesOf, useFeed } from "./useFeed";

export default function News() {
  const [params, setParams] = useSearchParams();
  const filters = filtersOf(params);
  const feed = useFeed(filters);
  const now = useRunNow();
  const filter = (to: Partial<Filters>) => setParams((before) => changed(before, to));
  const all = articlesOf(feed.overview.data);
  const today = now === null ? [] : ofTheDay(all, now);
  return (
    <>
      <div className="pagehead">
        <h1>News</h1>
        {feed.overview.data ? <Summary today={today} /> : null}
      </div>
      <FilterBar articles={all} filters={filters} filter={filter} />
      <div className="grid items-start gap-(--gap) xl:grid-cols-[minmax(0,1fr)_332px]">
        <FeedPanel feed={feed} filters={filters} filter={filter} />
        <div className="grid grid-cols-[minmax(0,1fr)] gap-(--gap)">
          <ByTicker overview={feed.overview} now={now} filters={filters} filter={filter} />
          <Sources overview={feed.overview} now={now} filters={filters} filter={filter} />
        </div>
      </div>
    </>
  );
}

function Summary({ today }: { today: readonly Article[] }) {
  const { positive, neutral, negative } = tones(today);
  const models = modelsOf(today);
  return (
    <>
      <span className="num text-12 text-muted">
        {format.counted(today.length, "article")} in 24 h
        <span className="desk">
          {` · ${format.count(positive)} positive · ${format.count(neutral)} neutral · ${format.count(negative)} negative`}
        </span>
      </span>
      <span className="spacer" />
      {models.length ? (
        <span className="desk text-12 text-muted">
          scored by <span className="mono">{models.slice(0, 2).join(", ")}</span>
          {models.length > 2 ? ` and ${format.count(models.length - 2)} more` : ""}
        </span>
      ) : null}
    </>
  );
}
