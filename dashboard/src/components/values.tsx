/** Value, Delta, Ticker, Age, Time and Badge: the only places where numbers become elements. */

import type { ReactNode } from "react";
import { Link } from "react-router";

import * as format from "../format/format";
import { Icon } from "./Icon";
import { useNow } from "./useNow";

/** A number with its unit muted. */
export function Value({ children, unit }: { children: ReactNode; unit?: string }) {
  return (
    <span className="value">
      {children}
      {unit ? <span className="unit">{unit}</span> : null}
    </span>
  );
}

interface DeltaProps {
  value: format.Amount;
  decimals?: number;
  /** What it is: dollars, or a fraction shown as per cent. */
  of?: "amount" | "fraction";
  unit?: boolean;
}

/** A gain or loss: sign and number; its colour follows the number as it is shown. */
export function Delta({ value, decimals = 2, of = "amount", unit = true }: DeltaProps) {
  if (value === null || value === undefined) return <None />;
  const fraction = of === "fraction";
  const shown = fraction
    ? format.percent(Number(value), { decimals, signed: true, unit })
    : format.gain(value, decimals);
  const sign = format.signOf(fraction ? Number(value) * 100 : value, decimals);
  return <span className={`delta ${sign}`}>{shown}</span>;
}

/** What is not there: a dash, and why when hovered or read aloud. */
export function None({ why }: { why?: string }) {
  return (
    <span className="text-muted" title={why}>
      <span aria-hidden="true">{format.NONE}</span>
      <span className="sr">{why ?? "none"}</span>
    </span>
  );
}

/** A ticker, which leads to its page. */
export function Ticker({ children }: { children: string }) {
  return (
    <Link className="ticker" to={`/tickers/${encodeURIComponent(children)}`}>
      {children}
    </Link>
  );
}

/** A moment in the reader's zone; the whole of it with its zone when hovered. */
export function Time({
  at,
  style = "clock",
}: {
  at: format.Moment;
  style?: "clock" | "seconds" | "day" | "date";
}) {
  const found = format.millis(at);
  if (found === null) return <None />;
  return (
    <time dateTime={new Date(found).toISOString()} title={format.full(found)}>
      {format[style](found)}
    </time>
  );
}

/** How long ago something was, by the wall clock or by `now`; amber past `limit` seconds. */
export function Age({
  at,
  now,
  limit,
}: {
  at: format.Moment;
  now?: format.Moment;
  limit?: number;
}) {
  const wall = useNow();
  const then = format.millis(at);
  if (then === null) return <None />;
  const seconds = ((format.millis(now) ?? wall) - then) / 1_000;
  const old = limit !== undefined && seconds > limit;
  return (
    <span className={old ? "age old" : "age"} title={format.full(then)}>
      {format.duration(seconds)}
    </span>
  );
}

export type Tone = "plain" | "ok" | "gain" | "loss" | "warn" | "accent" | "code";

export function Badge({
  tone = "plain",
  children,
  title,
}: {
  tone?: Tone;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className={tone === "plain" ? "badge" : `badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

/** Where a score's word changes, as operators/news/labels.py has it: positive from here on. */
export const POLAR_FROM = 0.25;

/** A sentiment: word, sign and number, in this order of importance. */
export function Sentiment({ score }: { score: number | null | undefined }) {
  if (score === null || score === undefined) return <Badge>Not scored</Badge>;
  const word = Math.abs(score) < POLAR_FROM ? "Neutral" : score > 0 ? "Positive" : "Negative";
  const tone = word === "Neutral" ? "plain" : word === "Positive" ? "gain" : "loss";
  return (
    <Badge tone={tone}>
      {word} {format.score(score)}
    </Badge>
  );
}

/** Long or short, with its arrow. */
export function Direction({ children }: { children: string }) {
  const icon = children === "LONG" ? "up" : children === "SHORT" ? "fall" : "level";
  return (
    <span className="inline-flex items-center gap-1">
      <Icon name={icon} size={12} />
      {format.words(children)}
    </span>
  );
}

const KNOWN = ["momentum", "mean_reversion", "news_driven"];

/** The colour of a strategy: by seed order; others by their name, always the same. */
export function strategyColour(id: string): "s1" | "s2" | "s3" | "s4" | "s5" {
  const known = KNOWN.indexOf(id);
  if (known >= 0) return (["s1", "s2", "s3"] as const)[known] ?? "s5";
  let sum = 0;
  for (const letter of id) sum += letter.charCodeAt(0);
  return sum % 2 ? "s4" : "s5";
}

/** A strategy by its colour and name. */
export function StrategyName({ id }: { id: string | null | undefined }) {
  if (!id) return <None />;
  return (
    <span className="inline-flex items-center gap-2">
      <span className={`dot ${strategyColour(id)}`} />
      {format.words(id)}
    </span>
  );
}
