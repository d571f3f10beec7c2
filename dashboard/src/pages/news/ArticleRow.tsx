/** An article in the feed: headline, scores, and what it led to; opened it shows the rest. */

import { useId } from "react";

import { About } from "../../components/About";
import { Icon } from "../../components/Icon";
import { Sentiment, Ticker, Time } from "../../components/values";
import * as format from "../../format/format";
import { ArticleDetail } from "./ArticleDetail";
import { type Article, ledTo, modelName, modelsOf, safeUrl } from "./figures";

export const COLUMNS =
  "grid items-center gap-x-3 grid-cols-[20px_64px_52px_minmax(0,1fr)_112px_36px_140px] max-xl:grid-cols-[20px_60px_52px_minmax(0,1fr)_112px_128px]";

const MOST = 3; // scores in a row; the rest is in its detail

interface RowProps {
  article: Article;
  /** Said above the first article of a day. */
  day: string | undefined;
  fresh: boolean;
  open: boolean;
  onToggle: () => void;
}

export function ArticleRow({ article, day, fresh, open, onToggle }: RowProps) {
  const id = useId();
  const { title, signals, orders } = article;
  const expands = {
    "aria-expanded": open,
    "aria-controls": open ? id : undefined,
    onClick: onToggle,
  };
  return (
    <li className={fresh ? "flash" : undefined}>
      {day ? <h3 className="border-t border-line bg-inset px-4 py-1 !text-12 num">{day}</h3> : null}
      <article
        aria-label={title}
        className={`${COLUMNS} min-h-[52px] border-t border-line px-4 py-1.5 hover:bg-hover max-md:grid-cols-[1fr_auto] max-md:gap-y-1 max-md:py-2.5 ${open ? "bg-hover shadow-[inset_2px_0_0_var(--accent)]" : ""}`}
      >
        <button
          type="button"
          className="disc desk !m-0"
          aria-label={`Details of ${title}`}
          {...expands}
        >
          <Icon name="right" size={12} />
        </button>
        <span className="num text-muted max-md:order-2 max-md:justify-self-end">
          <Time at={article.published_at} style="seconds" />
        </span>
        <Tickers article={article} />
        <div className="min-w-0 max-md:order-3 max-md:col-span-2">
          <Headline article={article} />
          <p className="truncate text-12 text-muted">
            {article.source}
            {article.scores.length ? (
              <>
                {" · "}
                <span className="mono">{modelsOf([article]).join(", ")}</span>
              </>
            ) : null}
          </p>
        </div>
        <Scores article={article} />
        <span className="max-md:order-5 max-md:justify-self-end">
          {signals > 0 ? (
            <button
              type="button"
              className="badge hover:text-ink max-md:h-9 max-md:px-3"
              aria-label={`${ledTo(signals, orders)}: details of ${title}`}
              {...expands}
            >
              {ledTo(signals, orders)}
            </button>
          ) : (
            <>
              <span className="desk text-muted">
                <span aria-hidden="true">{format.NONE}</span>
                <span className="sr">led to no signal</span>
              </span>
              <button
                type="button"
                className="phone btn s ghost"
                aria-label={`Details of ${title}`}
                {...expands}
              >
                Details
              </button>
            </>
          )}
        </span>
      </article>
      {open ? (
        <div id={id} className="bg-inset shadow-[inset_2px_0_0_var(--accent)]">
          <ArticleDetail id={article.id} />
        </div>
      ) : null}
    </li>
  );
}

const TITLE = "block truncate max-xl:whitespace-normal";

/** The title, as a link where its address is one of the web. */
export function Headline({ article }: { article: Pick<Article, "title" | "url"> }) {
  const url = safeUrl(article.url);
  if (!url) return <p className={TITLE}>{article.title}</p>;
  return (
    <a
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      title={article.title}
      className={`${TITLE} underline-offset-3 hover:underline`}
    >
      {article.title}
    </a>
  );
}

/** The tickers, line by line as their scores stand. */
function Tickers({ article }: { article: Article }) {
  const scored = article.scores.map(({ ticker }) => ticker);
  const named = scored.length ? scored : article.symbols;
  return (
    <span className="grid gap-1 max-md:order-1 max-md:flex max-md:gap-2">
      {named.slice(0, MOST).map((ticker) => (
        <Ticker key={ticker}>{ticker}</Ticker>
      ))}
      {named.length > MOST ? (
        <span className="num text-12 text-muted">+{format.count(named.length - MOST)}</span>
      ) : null}
    </span>
  );
}

function Scores({ article }: { article: Article }) {
  const scores = article.scores.slice(0, MOST);
  if (scores.length === 0) {
    return (
      <>
        <span className="max-md:order-4">
          <Sentiment score={null} />
        </span>
        <span className="max-xl:hidden" />
      </>
    );
  }
  const many = article.scores.length > 1;
  return (
    <>
      <span className="grid justify-items-start gap-1 max-md:order-4">
        {scores.map(({ ticker, sentiment_score: score, about }) => (
          <span key={ticker}>
            {many ? <span className="sr">{ticker} </span> : null}
            {about === "beside" ? <About about={about} /> : <Sentiment score={score} />}
          </span>
        ))}
      </span>
      <span className="num grid gap-1 text-right text-muted max-xl:hidden">
        {scores.map(({ ticker, confidence, model_used: model }) => (
          <span key={ticker} title={`Confidence of ${modelName(model)}`}>
            <span className="sr">confidence </span>
            {format.share(confidence)}
          </span>
        ))}
      </span>
    </>
  );
}
