/** The feed: articles by day, new ones behind a button, one opened at a time. */

import { useSearchParams } from "react-router";

import { useRunNow } from "../../app/clock";
import { Button } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { type Asked, More, Panel } from "../../components/Panel";
import { Age } from "../../components/values";
import * as format from "../../format/format";
import { ArticleDetail } from "./ArticleDetail";
import { COLUMNS, ArticleRow } from "./ArticleRow";
import type { Filtering } from "./FilterBar";
import type { Article } from "./figures";
import { anyOf } from "./filters";
import type { Feed } from "./useFeed";

const BODY_PX = 640;

interface FeedPanelProps extends Filtering {
  feed: Feed;
}

export function FeedPanel({ feed: all, filters, filter }: FeedPanelProps) {
  const { feed, shown, waiting, begun, showNew } = all;
  const now = useRunNow();
  const newest = shown[0];
  // The body is that of what is shown, in whatever order pages and news came.
  const query: Asked<Article[]> = { ...feed, data: feed.data && shown };
  const clear = () => filter({ ticker: "", source: "", tone: "all" });
  return (
    <Panel
      title="Feed"
      query={query}
      height={BODY_PX}
      className="[&>header]:bg-card md:[&>header]:sticky md:[&>header]:top-(--top) md:[&>header]:z-10"
      meta={
        newest ? (
          <>
            last article <Age at={newest.published_at} now={now} /> ago
          </>
        ) : begun ? undefined : (
          "waiting for the first bar of the day that is played"
        )
      }
      controls={
        <>
          <span className="sr" role="status">
            {waiting.length ? "New articles wait." : ""}
          </span>
          {waiting.length ? (
            <Button
              size="s"
              className="border-accent/50 bg-accent-bg text-accent"
              onClick={showNew}
            >
              <Icon name="up" size={12} />
              {format.count(waiting.length)} new
            </Button>
          ) : null}
        </>
      }
      empty={{
        when: (found) => found.length === 0,
        title: anyOf(filters) ? "No article is like that" : "No news yet",
        next: anyOf(filters) ? (
          <button type="button" className="link" onClick={clear}>
            Show all articles
          </button>
        ) : (
          <NextStep />
        ),
      }}
      footer={feed.data && shown.length ? <More query={feed} /> : undefined}
    >
      {(found) => <Rows articles={found} fresh={all.fresh} dim={feed.isPlaceholderData} />}
    </Panel>
  );
}

/** What to do where nothing is told. */
function NextStep() {
  return (
    <>
      <code className="mono">tidewire feeds</code> says how the feeds are, and{" "}
      <code className="mono">tidewire feeds check URL</code> tries one.{" "}
      <code className="mono">TIDEWIRE_NEWS__FEEDS</code> names them: docs/news.md. In a day that is
      played, news come as its clock reaches them.
    </>
  );
}

function Rows({
  articles,
  fresh,
  dim,
}: {
  articles: Article[];
  fresh: ReadonlySet<string>;
  dim: boolean;
}) {
  const [params, setParams] = useSearchParams();
  const open = params.get("open") ?? "";
  const toggle = (id: string) =>
    setParams(
      (before) => {
        if (before.get("open") === id) before.delete("open");
        else before.set("open", id);
        return before;
      },
      { replace: true },
    );
  const elsewhere = open !== "" && !articles.some(({ id }) => id === open);
  return (
    <>
      {elsewhere ? (
        <div className="border-t border-line bg-inset">
          <ArticleDetail id={open} titled onClose={() => toggle(open)} />
        </div>
      ) : null}
      <div
        className={`${COLUMNS} h-8 px-4 text-12 font-medium text-muted max-md:hidden`}
        aria-hidden
      >
        <span />
        <span>Time {format.zone(articles[0]?.published_at)}</span>
        <span>Ticker</span>
        <span>Headline</span>
        <span>Sentiment</span>
        <span className="text-right max-xl:hidden">Conf.</span>
        <span>Led to</span>
      </div>
      <ol aria-busy={dim}>
        {articles.map((article, index) => {
          const before = articles[index - 1];
          const first = !before || !format.sameDay(before.published_at, article.published_at);
          return (
            <ArticleRow
              key={article.id}
              article={article}
              day={first ? format.date(article.published_at) : undefined}
              fresh={fresh.has(article.id)}
              open={article.id === open}
              onToggle={() => toggle(article.id)}
            />
          );
        })}
      </ol>
    </>
  );
}
