/** Which articles are asked for: the URL's words, the API's, and the same test on an article. */

import type { NewsAsked } from "../../api/queries";
import { POLAR_FROM } from "../../components/values";
import { type Article, type Tone, toneOf } from "./figures";

export interface Filters {
  ticker: string;
  source: string;
  tone: Tone | "all";
}

const TICKER = /^[A-Z0-9][A-Z0-9./-]{0,11}$/; // as the API takes it
const SMALLEST = 0.000001; // of a score: it has six decimals
const TONES: readonly string[] = ["positive", "neutral", "negative"];

/** What the URL asks; what it cannot mean is left out. */
export function filtersOf(params: URLSearchParams): Filters {
  const ticker = (params.get("ticker") ?? "").toUpperCase();
  const tone = params.get("sentiment") ?? "";
  return {
    ticker: TICKER.test(ticker) ? ticker : "",
    source: params.get("source") ?? "",
    tone: TONES.includes(tone) ? (tone as Tone) : "all",
  };
}

const RANGES: Record<Filters["tone"], Pick<NewsAsked, "min_score" | "max_score">> = {
  all: {},
  positive: { min_score: POLAR_FROM },
  neutral: { min_score: SMALLEST - POLAR_FROM, max_score: POLAR_FROM - SMALLEST },
  negative: { max_score: -POLAR_FROM },
};

/** The question to the API. */
export function askedOf({ ticker, source, tone }: Filters): NewsAsked {
  return {
    ...(ticker ? { ticker } : {}),
    ...(source ? { source } : {}),
    ...RANGES[tone],
  };
}

/** Whether the API would have it among its answers. */
export function matches({ ticker, source, tone }: Filters, article: Article): boolean {
  if (source && article.source !== source) return false;
  const scores = article.scores.filter((score) => !ticker || score.ticker === ticker);
  if (ticker && scores.length === 0) return false;
  return tone === "all" || scores.some((score) => toneOf(score.sentiment_score) === tone);
}

export const anyOf = ({ ticker, source, tone }: Filters): boolean =>
  ticker !== "" || source !== "" || tone !== "all";

/** A change of filters in the URL; what is open closes. */
export function changed(params: URLSearchParams, to: Partial<Filters>): URLSearchParams {
  const next = new URLSearchParams(params);
  const put = (name: string, value: string | undefined, none = "") => {
    if (value === undefined) return;
    if (value === none) next.delete(name);
    else next.set(name, value);
  };
  put("ticker", to.ticker);
  put("source", to.source);
  put("sentiment", to.tone, "all");
  next.delete("open");
  return next;
}
