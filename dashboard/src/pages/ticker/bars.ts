/** Bars by sessions: which are shown, what the day's change is against, where a moment falls. */

import type { Schemas } from "../../api/client";
import type { Candle } from "../../charts/TickerChart";

type Bars = Schemas["Bars"];

/** Between two bars that far apart lies a night. */
const NIGHT_MS = 4 * 3_600_000;

/** Where each session begins: indices into the bars. */
export function sessionsOf(bars: readonly Schemas["Bar"][]): number[] {
  const starts: number[] = [];
  bars.forEach(({ start }, index) => {
    const before = bars[index - 1];
    if (!before || Date.parse(start) - Date.parse(before.start) > NIGHT_MS) starts.push(index);
  });
  return starts;
}

export interface Change {
  amount: number;
  fraction: number;
}

/** The last close against the last one of the session before; null where that is not stored. */
export function dayChange(bars: readonly Schemas["Bar"][]): Change | null {
  const today = sessionsOf(bars).at(-1);
  const last = bars.at(-1);
  const before = today ? bars[today - 1] : undefined;
  if (!last || !before) return null;
  const [now, then] = [Number(last.close), Number(before.close)];
  return { amount: now - then, fraction: then > 0 ? now / then - 1 : 0 };
}

export interface Shown {
  bars: Candle[];
  sma: (number | null)[];
  volumeSma: (number | null)[];
  rsi: (number | null)[];
}

/** The newest sessions of what was answered, as numbers. */
export function shownOf({ bars, indicators }: Bars, sessions: number): Shown {
  const from = sessionsOf(bars).at(-sessions) ?? 0;
  const line = (name: string) => (indicators[name] ?? []).slice(from);
  return {
    bars: bars.slice(from).map(({ start, open, high, low, close, volume }) => ({
      start,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume,
    })),
    sma: line("sma"),
    volumeSma: line("volume_sma"),
    rsi: line("rsi"),
  };
}

/**
 * The start of the bar that a moment falls into, or of the newest before it; null before the first.
 * What comes while the market is closed stands at the next bar: that is who could act on it.
 */
export function barAt(bars: readonly { start: string }[], at: string, next = false): string | null {
  const moment = Date.parse(at);
  let low = 0;
  let high = bars.length; // the first bar that starts after the moment
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(bars[middle]?.start ?? "") <= moment) low = middle + 1;
    else high = middle;
  }
  const found = bars[low - 1];
  if (!found) return null;
  const later = bars[low];
  const gap = later ? Date.parse(later.start) - Date.parse(found.start) : 0;
  return next && later && gap > NIGHT_MS ? later.start : found.start;
}
