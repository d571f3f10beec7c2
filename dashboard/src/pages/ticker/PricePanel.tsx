/** The chart of a ticker, and the values of the bar under the pointer. */

import { Suspense, useMemo, useState } from "react";

import type { Schemas } from "../../api/client";
import { lazily } from "../../app/lazily";
import type { Candle } from "../../charts/TickerChart";
import { Segments } from "../../components/controls";
import { type Asked, Panel } from "../../components/Panel";
import { useNarrow } from "../../components/useNarrow";
import { POLAR_FROM } from "../../components/values";
import * as format from "../../format/format";
import { scoreFor } from "./Headlines";
import { RANGES, type Range, SESSIONS, useFills, useNews } from "./asked";
import { type Shown, barAt, shownOf } from "./bars";

const TickerChart = lazily(
  () => import("../../charts/TickerChart"),
  (it) => it.default,
);

const HEIGHT = 440;
const HEIGHT_NARROW = 340;

interface PriceProps {
  ticker: string;
  bars: Asked<Schemas["Bars"]>;
  position: Schemas["Position"] | undefined;
  range: Range;
  onRange: (range: Range) => void;
}

export function PricePanel({ ticker, bars, position, range, onRange }: PriceProps) {
  const height = useNarrow() ? HEIGHT_NARROW : HEIGHT;
  return (
    <Panel
      title="Price"
      query={bars}
      height={height + 32}
      meta={<Legend />}
      controls={<Segments label="Range" options={RANGES} value={range} onChange={onRange} />}
      empty={{
        when: ({ bars: found }) => found.length === 0,
        title: "No bars in these days",
        next: "Bars come once the market opens and the feed has this ticker; System shows the feeds.",
      }}
    >
      {(data) => (
        <Drawn ticker={ticker} data={data} position={position} range={range} height={height} />
      )}
    </Panel>
  );
}

function Drawn({
  ticker,
  data,
  position,
  range,
  height,
}: {
  ticker: string;
  data: Schemas["Bars"];
  position: Schemas["Position"] | undefined;
  range: Range;
  height: number;
}) {
  const [pointed, point] = useState<string | null>(null);
  const shown = useMemo(() => shownOf(data, SESSIONS[range]), [data, range]);
  const events = useEvents(ticker, shown.bars);
  const { stop_loss: stop = null, take_profit: target = null } = position ?? {};
  const drawn = useMemo(
    () => ({
      ...shown,
      ...events,
      stop: stop === null ? null : Number(stop),
      target: target === null ? null : Number(target),
      point,
    }),
    [shown, events, stop, target],
  );
  return (
    <div className="pr-2 pb-2 pl-4">
      <Reading shown={shown} at={pointed} />
      <Suspense fallback={<div style={{ height }} />}>
        <TickerChart data={drawn} says={sentence(ticker, shown, events)} height={height} />
      </Suspense>
    </div>
  );
}

/** Fills and headlines at the bars that they fall into. */
function useEvents(ticker: string, bars: readonly Candle[]) {
  const fills = useFills(ticker).data?.pages;
  const news = useNews(ticker).data?.pages;
  return useMemo(() => {
    const traded = (fills?.flatMap((page) => page.trades) ?? []).filter(
      ({ price, status }) =>
        price !== null && (status === "FILLED" || status === "PARTIALLY_FILLED"),
    );
    const articles = news?.flatMap((page) => page.articles) ?? [];
    return {
      fills: placed(bars, traded, (fill) => ({ side: fill.side })),
      headlines: placed(
        bars,
        articles,
        (article) => ({ tone: tone(scoreFor(article, ticker) ?? undefined) }),
        true,
      ),
    };
  }, [bars, fills, news, ticker]);
}

/** What happened, oldest first, with its bar; what lies before the first one is left out. */
function placed<T extends { at: string }, U>(
  bars: readonly Candle[],
  events: readonly T[],
  as: (event: T) => U,
  next = false,
): (U & { bar: string })[] {
  const found: (U & { bar: string })[] = [];
  for (const event of [...events].reverse()) {
    const bar = barAt(bars, event.at, next);
    if (bar) found.push({ ...as(event), bar });
  }
  return found;
}

function tone(score: number | undefined): "gain" | "loss" | "zero" {
  if (score === undefined || Math.abs(score) < POLAR_FROM) return "zero";
  return score > 0 ? "gain" : "loss";
}

function sentence(
  ticker: string,
  { bars }: Shown,
  { fills, headlines }: ReturnType<typeof useEvents>,
): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return `There are no bars of ${ticker}.`;
  const high = Math.max(...bars.map((bar) => bar.high));
  const low = Math.min(...bars.map((bar) => bar.low));
  return (
    `${ticker} opened at ${format.price(first.open)} dollars at ${format.full(first.start)} and was at ` +
    `${format.price(last.close)} at ${format.full(last.start)}, between ${format.price(low)} and ` +
    `${format.price(high)}; ${format.counted(fills.length, "fill")} and ` +
    `${format.counted(headlines.length, "headline")} are marked. The tables below have them all.`
  );
}

/** One line above the chart: the bar under the pointer, or the newest. */
function Reading({ shown, at }: { shown: Shown; at: string | null }) {
  const { bars, sma, rsi } = shown;
  const stamp = at === null ? null : Date.parse(at);
  const found = bars.findIndex(({ start }) => Date.parse(start) === stamp);
  const index = found < 0 ? bars.length - 1 : found;
  const bar = bars[index];
  if (!bar) return null;
  const facts: [string, string][] = [
    ["Open", format.price(bar.open)],
    ["High", format.price(bar.high)],
    ["Low", format.price(bar.low)],
    ["Close", format.price(bar.close)],
    ["Volume", format.count(bar.volume)],
    ["Mean", format.fixed(sma[index])],
    ["RSI", format.fixed(rsi[index], 1)],
  ];
  return (
    <div className="legend h-6 overflow-hidden" aria-hidden="true">
      <span className="num">
        {format.day(bar.start)} <b>{format.seconds(bar.start)}</b>
      </span>
      {facts.map(([name, value]) => (
        <span key={name} className={name === "Close" ? "num" : "num desk"}>
          {name} <b>{value}</b>
        </span>
      ))}
    </div>
  );
}

function Legend() {
  return (
    <span className="legend desk">
      <span>
        <i />
        Mean of closes, of volume
      </span>
      <span>
        <span className="text-accent">↑</span>bought
      </span>
      <span>
        <span className="text-accent">↓</span>sold
      </span>
      <span>
        <span aria-hidden="true">
          <span className="text-gain">●</span> <span className="text-loss">■</span> ●
        </span>
        headline: positive, negative, neutral
      </span>
    </span>
  );
}
