/** What lists of articles say: by ticker, by source, in all. */

import type { Schemas } from "../../api/client";
import { POLAR_FROM } from "../../components/values";
import { millis } from "../../format/format";

export type Article = Schemas["Listed"];

export const DAY_MS = 86_400_000;

export const published = (article: Article): number => millis(article.published_at) ?? 0;

/** Articles of the 24 hours before `now`. */
export function ofTheDay(articles: readonly Article[], now: number): Article[] {
  return articles.filter((each) => published(each) > now - DAY_MS && published(each) <= now);
}

export interface TickerFigures {
  ticker: string;
  /** The mean of its scores. */
  mean: number;
  scores: { at: number; score: number }[];
}

/** Each ticker with its scores, the most mentioned first; without what is about other companies. */
export function byTicker(articles: readonly Article[]): TickerFigures[] {
  const found = new Map<string, { at: number; score: number }[]>();
  for (const article of articles) {
    for (const { ticker, sentiment_score: score, about } of article.scores) {
      if (about === "beside") continue;
      const scores = found.get(ticker) ?? [];
      scores.push({ at: published(article), score });
      found.set(ticker, scores);
    }
  }
  return [...found]
    .map(([ticker, scores]) => ({
      ticker,
      scores,
      mean: scores.reduce((sum, { score }) => sum + score, 0) / scores.length,
    }))
    .sort(
      (one, other) =>
        other.scores.length - one.scores.length ||
        Math.abs(other.mean) - Math.abs(one.mean) ||
        one.ticker.localeCompare(other.ticker),
    );
}

export interface SourceFigures {
  source: string;
  articles: number;
  last: number;
}

/** Each source with how much it told, the busiest first. */
export function bySource(articles: readonly Article[]): SourceFigures[] {
  const found = new Map<string, SourceFigures>();
  for (const article of articles) {
    const { source } = article;
    const so = found.get(source) ?? { source, articles: 0, last: 0 };
    so.articles += 1;
    so.last = Math.max(so.last, published(article));
    found.set(source, so);
  }
  return [...found.values()].sort(
    (one, other) => other.articles - one.articles || one.source.localeCompare(other.source),
  );
}

export type Tone = "positive" | "neutral" | "negative";

/** The word of a score, as its badge has it. */
export function toneOf(score: number): Tone {
  if (Math.abs(score) < POLAR_FROM) return "neutral";
  return score > 0 ? "positive" : "negative";
}

/** How many articles are of each tone, by their strongest score. */
export function tones(articles: readonly Article[]): Record<Tone, number> {
  const counts = { positive: 0, neutral: 0, negative: 0 };
  for (const { scores } of articles) {
    const all = scores
      .filter(({ about }) => about !== "beside")
      .map(({ sentiment_score: score }) => score);
    const strongest = all.sort((one, other) => Math.abs(other) - Math.abs(one))[0];
    if (strongest !== undefined) counts[toneOf(strongest)] += 1;
  }
  return counts;
}

/** The models behind the scores; a trailing "/-" says that there is no prompt. */
export function modelsOf(articles: readonly Article[]): string[] {
  const all = articles.flatMap(({ scores }) => scores.map((score) => modelName(score.model_used)));
  return [...new Set(all)];
}

export const modelName = (model: string): string => model.replace(/\/-$/, "");

/** An address that a link may have: http or https; null: it is shown as text only. */
export function safeUrl(url: string): string | null {
  try {
    const { protocol, href } = new URL(url);
    return protocol === "http:" || protocol === "https:" ? href : null;
  } catch {
    return null;
  }
}

/** "2 signals, 1 order". */
export function ledTo(signals: number, orders: number): string {
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
  return `${many(signals, "signal")}, ${orders === 0 ? "no order" : many(orders, "order")}`;
}
