/** The news behind a decision: each headline with its score. */

import { Link } from "react-router";

import type { Schemas } from "../../api/client";
import { Icon } from "../../components/Icon";
import { Sentiment } from "../../components/values";
import * as format from "../../format/format";
import { Figures, Moment, Step } from "./Step";

type Headline = Schemas["Headline"];
const MOST = 2;

/** A link's address; null where it is not one of the web's. */
export function webAddress(url: string): string | null {
  const found = URL.parse(url);
  return found && (found.protocol === "https:" || found.protocol === "http:") ? found.href : null;
}

export function HeadlineStep({
  headlines,
  at,
  signal,
}: {
  headlines: readonly Headline[];
  at: string | undefined;
  signal: Schemas["Signal"] | null;
}) {
  const sorted = headlines.toSorted(
    (a, b) => Number(b.used) - Number(a.used) || b.published_at.localeCompare(a.published_at),
  );
  const [newest] = sorted;
  if (!newest) {
    return (
      <Step title="Headline" state="none">
        <p className="text-muted">
          {signal
            ? "No headline is behind this: news did not vote."
            : "No headline is behind this: no signal decided."}
        </p>
        {signal && signal.sentiment_score !== null ? (
          <p className="mt-2 text-muted num">
            The news of {signal.ticker} stood at {format.score(signal.sentiment_score)} then.
          </p>
        ) : null}
      </Step>
    );
  }
  const one = sorted.length === 1;
  return (
    <Step
      title={one ? "Headline" : "Headlines"}
      state="good"
      when={<Moment at={newest.published_at} beside={at} />}
    >
      <ul className="grid gap-3">
        {sorted.slice(0, MOST).map((headline) => (
          <Item key={headline.id} headline={headline} at={at} full={one} />
        ))}
      </ul>
      {sorted.length > MOST ? (
        <details className="mt-2">
          <summary className="link">{format.count(sorted.length - MOST)} more</summary>
          <ul className="mt-2 grid gap-3">
            {sorted.slice(MOST).map((headline) => (
              <Item key={headline.id} headline={headline} at={at} full={false} />
            ))}
          </ul>
        </details>
      ) : null}
    </Step>
  );
}

function Item({
  headline,
  at,
  full,
}: {
  headline: Headline;
  at: string | undefined;
  full: boolean;
}) {
  const { id, title, url, source, confidence, model_used: model, used } = headline;
  const address = webAddress(url);
  const [short = model] = model.split("/");
  return (
    <li>
      <p className="node-lead">
        {address ? (
          <a
            className="underline-offset-3 hover:underline"
            href={address}
            target="_blank"
            rel="noopener noreferrer"
          >
            {title}
            <span className="headline-out">
              <Icon name="out" size={12} />
            </span>
          </a>
        ) : (
          title
        )}
      </p>
      <p className="mb-1">
        <Sentiment score={headline.sentiment_score} />
      </p>
      {full ? (
        <Figures
          rows={[
            ["Confidence", format.share(confidence)],
            ["Model", <span className="mono">{short}</span>, model],
            ["By", source],
          ]}
        />
      ) : (
        <p className="text-muted num" title={`${source}, by ${model}`}>
          <Moment at={headline.published_at} beside={at} />, confidence {format.share(confidence)}
        </p>
      )}
      {used ? null : <p className="text-muted">Weighed; no strategy voted for it.</p>}
      <Link className="link" to={`/news?open=${encodeURIComponent(id)}`}>
        In the news
        <span className="sr">: {title}</span>
      </Link>
    </li>
  );
}
