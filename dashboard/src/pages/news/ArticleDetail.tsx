/** An article opened: its text, its scores, and the signals and orders that it led to. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";

import type { Schemas } from "../../api/client";
import { articleQuery } from "../../api/queries";
import { About } from "../../components/About";
import { Button } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { PanelBody } from "../../components/Panel";
import { Sentiment, Ticker, Time } from "../../components/values";
import * as format from "../../format/format";
import { modelName, safeUrl } from "./figures";
import { Reactions } from "./Reactions";

type Whole = Schemas["ArticleDetail"];

const BODY_PX = 168;
const AGAIN_MS = 15_000; // it may lead to more

interface DetailProps {
  id: string;
  /** With its title: where it does not stand in its row. */
  titled?: boolean;
  onClose?: () => void;
}

export function ArticleDetail({ id, titled = false, onClose }: DetailProps) {
  const query = useQuery({ ...articleQuery(id), refetchInterval: AGAIN_MS });
  return (
    <div className="p-4">
      {onClose ? (
        <div className="mb-2 flex items-center gap-3">
          {titled && query.data ? <h3 className="!text-14 !text-ink">{query.data.title}</h3> : null}
          <span className="spacer" />
          <Button size="s" kind="ghost" onClick={onClose}>
            Close
          </Button>
        </div>
      ) : null}
      <PanelBody title="Article" query={query} height={BODY_PX}>
        {(article) => (
          <div
            className="grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-4 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]"
            style={{ minHeight: BODY_PX }}
          >
            <Told article={article} />
            <Part title="What it led to">
              <Reactions reactions={article.led_to} />
            </Part>
          </div>
        )}
      </PanelBody>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0">
      <h3 id={id} className="mb-2 !font-semibold !text-ink">
        {title}
      </h3>
      {children}
    </section>
  );
}

function Told({ article }: { article: Whole }) {
  const url = safeUrl(article.url);
  return (
    <Part title="The article">
      <p className="max-h-60 overflow-y-auto whitespace-pre-line break-words">
        {article.content || (
          <span className="text-muted">The feed gave a headline, and no text.</span>
        )}
      </p>
      <dl className="kv mt-2">
        <Fact name="Published">
          <Time at={article.published_at} style="day" />{" "}
          <Time at={article.published_at} style="seconds" />
        </Fact>
        <Fact name="Known to the run">
          <Time at={article.at} style="day" /> <Time at={article.at} style="seconds" />
        </Fact>
        {article.revision > 0 ? (
          <Fact name="Revision">{format.count(article.revision)}</Fact>
        ) : null}
        <Fact name="Address">
          {url ? (
            <a
              className="link inline-flex items-center gap-1"
              href={url}
              target="_blank"
              rel="noopener noreferrer"
            >
              {new URL(url).host}
              <Icon name="out" size={12} />
            </a>
          ) : (
            <span className="mono break-all">{article.url || "none"}</span>
          )}
        </Fact>
        {article.scores.map((score) => (
          <Fact
            key={`${score.ticker} ${score.model_used}`}
            name={
              <span className="text-ink">
                <Ticker>{score.ticker}</Ticker>
              </span>
            }
          >
            <span className="flex flex-wrap items-center justify-end gap-2 py-0.5">
              <span className="mono text-muted">{modelName(score.model_used)}</span>
              <span className="text-muted">confidence {format.share(score.confidence)}</span>
              <About about={score.about} />
              <Sentiment score={score.sentiment_score} />
            </span>
          </Fact>
        ))}
      </dl>
    </Part>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="min-w-0 text-right">{children}</dd>
    </div>
  );
}
