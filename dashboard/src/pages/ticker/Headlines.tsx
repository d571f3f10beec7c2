/** What was known of the ticker: its headlines with their scores, and their mean over a day. */

import { useQuery } from "@tanstack/react-query";

import { useRunNow } from "../../app/clock";
import type { Schemas } from "../../api/client";
import { sentimentQuery } from "../../api/queries";
import { About } from "../../components/About";
import { Panel } from "../../components/Panel";
import { ScoreBars } from "../../components/Spark";
import { Sentiment, Time } from "../../components/values";
import * as format from "../../format/format";
import { useNews } from "./asked";

const ROWS = 10;
const DAY_MS = 24 * 3_600_000;

type Scored = { at: number; score: number };

/** A link out of the page, or null: an address of another kind than these is only text. */
export function outward(url: string): string | null {
  const scheme = URL.canParse(url) ? new URL(url).protocol : "";
  return scheme === "https:" || scheme === "http:" ? url : null;
}

/** The score that an article has for the ticker; null without one, or if it is about others. */
export function scoreFor({ scores }: Pick<Schemas["Listed"], "scores">, ticker: string) {
  const found = scores.find((score) => score.ticker === ticker);
  return found && found.about !== "beside" ? found.sentiment_score : null;
}

export function Headlines({ ticker }: { ticker: string }) {
  const query = useNews(ticker);
  return (
    <Panel
      title="Headlines"
      query={query}
      height={56 + ROWS * 60}
      empty={{
        when: ({ pages }) => pages.every(({ articles }) => articles.length === 0),
        title: `No headline about ${ticker} yet`,
        next: "Articles are listed once a feed has one that names the ticker; System shows the feeds.",
      }}
    >
      {({ pages }) => {
        const articles = pages.flatMap((page) => page.articles);
        return (
          <>
            <DayMean ticker={ticker} articles={articles} />
            <ol>
              {articles.slice(0, ROWS).map((article) => (
                <Headline key={article.id} article={article} ticker={ticker} />
              ))}
            </ol>
          </>
        );
      }}
    </Panel>
  );
}

/** The mean of the scores of so long before a moment, and of how many; null without one. */
export function meanOf(scores: readonly Scored[], until: number) {
  const within = scores.filter(({ at }) => at > until - DAY_MS && at <= until);
  if (within.length === 0) return null;
  const sum = within.reduce((total, { score }) => total + score, 0);
  return { mean: sum / within.length, count: within.length };
}

/** The day's plain mean, each score at its time, and the decayed mean that strategies see. */
function DayMean({ ticker, articles }: { ticker: string; articles: readonly Schemas["Listed"][] }) {
  const newest = useQuery(sentimentQuery(ticker)).data?.[0];
  const now = useRunNow() ?? Date.parse(articles[0]?.at ?? "");
  const scores = articles
    .map((article) => ({ at: Date.parse(article.at), score: scoreFor(article, ticker) }))
    .filter((each): each is Scored => each.score !== null);
  const day = meanOf(scores, now);
  return (
    <div className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 pb-3 text-12 text-muted">
      <ScoreBars
        scores={scores.filter(({ at }) => at > now - DAY_MS && at <= now)}
        from={now - DAY_MS}
        until={now}
      />
      {day ? (
        <span>
          24 h mean <Sentiment score={day.mean} /> of {format.counted(day.count, "article")}
        </span>
      ) : (
        <span>No article in the last 24 h</span>
      )}
      {newest ? (
        <span title="Older articles count less; this is what the strategies see">
          decayed {format.score(newest.decayed_mean)} at <Time at={newest.at} />
        </span>
      ) : null}
    </div>
  );
}

function Headline({ article, ticker }: { article: Schemas["Listed"]; ticker: string }) {
  const url = outward(article.url);
  const { signals, orders } = article;
  const about = article.scores.find((score) => score.ticker === ticker)?.about;
  return (
    <li className="grid min-h-15 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 border-b border-line px-4 py-2 last:border-b-0">
      <span className="min-w-0">
        {url ? (
          <a className="hover:underline" href={url} target="_blank" rel="noopener noreferrer">
            {article.title}
          </a>
        ) : (
          article.title
        )}
        <span className="block text-12 text-muted">
          {format.day(article.at)} <Time at={article.at} style="seconds" /> · {article.source}
          {signals ? ` · behind ${format.counted(signals, "signal")}` : ""}
          {orders ? `, ${format.counted(orders, "order")}` : ""}
        </span>
      </span>
      {about === "beside" ? (
        <About about={about} />
      ) : (
        <Sentiment score={scoreFor(article, ticker)} />
      )}
    </li>
  );
}
