/** One set of options for every time chart; read from the tokens, made again when these change. */

import {
  ColorType,
  CrosshairMode,
  type DeepPartial,
  type Time,
  type TimeChartOptions,
  TickMarkType,
} from "lightweight-charts";

import * as format from "../format/format";

/** A token's value: `token("--accent")`. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A #rrggbb colour with an opacity. */
export function alpha(hex: string, opacity: number): string {
  const number = Number.parseInt(hex.slice(1), 16);
  return `rgba(${number >> 16}, ${(number >> 8) & 255}, ${number & 255}, ${opacity})`;
}

/** Seconds of an RFC 3339 moment, as the chart's time. */
export const chartTime = (moment: string): Time => (Date.parse(moment) / 1_000) as Time;

const millisOf = (time: Time): number => Number(time) * 1_000;

/**
 * @param intraday times are moments in the reader's zone; else days.
 * @param still no scrolling or zooming: the page scrolls instead.
 */
export function chartOptions(intraday: boolean, still = true): DeepPartial<TimeChartOptions> {
  const line = token("--border-strong");
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: token("--muted"),
      fontFamily: token("--sans"),
      fontSize: 12,
      // The logo injects a style that the content policy refuses; the footer gives the credit.
      attributionLogo: false,
      panes: {
        separatorColor: token("--border"),
        separatorHoverColor: token("--hover"),
        enableResize: false,
      },
    },
    grid: {
      vertLines: { visible: false },
      horzLines: { color: alpha(token("--border"), 0.7) },
    },
    rightPriceScale: {
      borderVisible: false,
      scaleMargins: { top: 0.12, bottom: 0.06 },
      entireTextOnly: true,
    },
    timeScale: {
      borderColor: token("--border"),
      timeVisible: intraday,
      secondsVisible: false,
      fixLeftEdge: true,
      fixRightEdge: true,
      lockVisibleTimeRangeOnResize: true,
      tickMarkFormatter: (time: Time, kind: TickMarkType) => {
        const at = millisOf(time);
        if (intraday && kind > TickMarkType.DayOfMonth) return format.clock(at);
        return kind === TickMarkType.Year ? format.date(at).slice(-4) : format.day(at);
      },
    },
    localization: {
      timeFormatter: (time: Time) =>
        intraday
          ? `${format.day(millisOf(time))} ${format.clock(millisOf(time))}`
          : format.date(millisOf(time)),
    },
    crosshair: {
      mode: CrosshairMode.Magnet,
      vertLine: { color: line, labelBackgroundColor: line },
      horzLine: { color: line, labelBackgroundColor: line },
    },
    handleScale: !still,
    handleScroll: !still,
  };
}

/** Options of a line that carries no label of its own: the legend has the value. */
export const QUIET = { priceLineVisible: false, lastValueVisible: false } as const;

/** A price format that passes the formatter. */
export const priced = (formatter: (value: number) => string, minMove = 0.01) =>
  ({ type: "custom", formatter, minMove }) as const;
