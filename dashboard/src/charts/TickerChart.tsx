/** A ticker's candles with what the strategies see, what was traded, and when news came. */

import {
  type AutoscaleInfo,
  CandlestickSeries,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  createSeriesMarkers,
  createTextWatermark,
} from "lightweight-charts";

import * as format from "../format/format";
import Chart from "./Chart";
import { QUIET, alpha, chartTime, priced, token } from "./options";

export interface Candle {
  start: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

type Line = readonly (number | null)[];

export interface TickerData {
  bars: readonly Candle[];
  sma: Line;
  volumeSma: Line;
  rsi: Line;
  /** Fills and headlines, each with the start of the bar that it falls into. */
  fills: readonly { bar: string; side: "BUY" | "SELL" }[];
  headlines: readonly { bar: string; tone: "gain" | "loss" | "zero" }[];
  stop: number | null;
  target: number | null;
  /** Called with the bar under the pointer; null when it leaves. */
  point: (start: string | null) => void;
}

/** How far beyond the prices a stop or target may lie to be drawn to. */
const IN_SIGHT = 0.04;
const HEADLINE_SHAPES = { gain: "circle", loss: "square", zero: "circle" } as const;
const HEADLINE_COLOURS = { gain: "--gain", loss: "--loss", zero: "--muted" } as const;

function fillMarkers({ fills }: TickerData): SeriesMarker<Time>[] {
  return fills.map(({ bar, side }) => ({
    time: chartTime(bar),
    position: side === "BUY" ? "belowBar" : "aboveBar",
    shape: side === "BUY" ? "arrowUp" : "arrowDown",
    color: token("--accent"),
    size: 1,
  }));
}

function newsMarkers({ headlines }: TickerData): SeriesMarker<Time>[] {
  return headlines.map(({ bar, tone }) => ({
    time: chartTime(bar),
    position: "inBar",
    shape: HEADLINE_SHAPES[tone],
    color: token(HEADLINE_COLOURS[tone]),
    size: 0.6,
  }));
}

/** A horizontal line at a price; drawn while there is one. */
function guard(series: ISeriesApi<"Candlestick">, title: string, colour: string) {
  let line: ReturnType<typeof series.createPriceLine> | null = null;
  return (price: number | null) => {
    if (line) series.removePriceLine(line);
    line =
      price === null
        ? null
        : series.createPriceLine({
            price,
            title,
            color: token(colour),
            lineWidth: 1,
            lineStyle: LineStyle.Dashed,
            axisLabelVisible: true,
          });
  };
}

/** The prices in sight, with stop and target where these are not far from them. */
function withGuards(found: AutoscaleInfo | null, { stop, target }: TickerData) {
  if (!found?.priceRange) return found;
  let { minValue, maxValue } = found.priceRange;
  if (stop !== null && stop > minValue * (1 - IN_SIGHT)) minValue = Math.min(minValue, stop);
  if (target !== null && target < maxValue * (1 + IN_SIGHT)) maxValue = Math.max(maxValue, target);
  return { ...found, priceRange: { minValue, maxValue } };
}

const points = (bars: readonly Candle[], line: Line) =>
  bars.map(({ start }, index) => {
    const value = line[index] ?? null;
    return value === null ? { time: chartTime(start) } : { time: chartTime(start), value };
  });

function draw(chart: IChartApi, first: TickerData) {
  const [up, down] = [token("--fill-gain"), token("--fill-loss")];
  const muted = token("--muted");
  const thin = { ...QUIET, lineWidth: 1, crosshairMarkerRadius: 3 } as const;
  let newest = first;
  const candles = chart.addSeries(CandlestickSeries, {
    ...QUIET,
    autoscaleInfoProvider: (usual: () => AutoscaleInfo | null) => withGuards(usual(), newest),
    upColor: up,
    downColor: down,
    wickUpColor: up,
    wickDownColor: down,
    borderVisible: false,
    priceFormat: priced((value) => format.price(value)),
  });
  const sma = chart.addSeries(LineSeries, {
    ...thin,
    color: token("--s1"),
    priceFormat: priced((value) => format.price(value)),
  });
  // Headlines stand just above the time axis, whatever the price does.
  const news = chart.addSeries(LineSeries, {
    ...QUIET,
    lineVisible: false,
    crosshairMarkerVisible: false,
    priceScaleId: "news",
    color: muted,
  });
  chart.priceScale("news").applyOptions({ scaleMargins: { top: 0.97, bottom: 0.02 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.12 } });
  const fills = createSeriesMarkers(candles, []);
  const headlines = createSeriesMarkers(news, []);
  const setStop = guard(candles, "Stop", "--warn");
  const setTarget = guard(candles, "Target", "--muted");

  const counted = priced((value) => format.count(value), 1);
  const volume = chart.addSeries(
    HistogramSeries,
    { ...QUIET, color: alpha(muted, 0.45), priceFormat: counted },
    1,
  );
  const volumeSma = chart.addSeries(
    LineSeries,
    { ...thin, color: token("--s1"), priceFormat: counted },
    1,
  );
  const rsi = chart.addSeries(
    LineSeries,
    { ...thin, color: token("--s2"), priceFormat: priced((value) => format.count(value), 1) },
    2,
  );
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.15, bottom: 0 } });
  rsi.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.1 } });
  [0.68, 0.16, 0.16].forEach((part, index) => chart.panes()[index]?.setStretchFactor(part));
  chart.timeScale().applyOptions({ minBarSpacing: 0.1 }); // five days fit a phone

  chart.panes().forEach((pane, index) => {
    const text = ["", "Volume", "RSI"][index] ?? "";
    const line = { text, color: muted, fontSize: 12, fontFamily: token("--sans") };
    createTextWatermark(pane, { horzAlign: "left", vertAlign: "top", lines: [line] });
  });

  chart.subscribeCrosshairMove(({ time }) => {
    newest.point(time === undefined ? null : new Date(Number(time) * 1_000).toISOString());
  });
  const update = (data: TickerData) => {
    newest = data;
    const { bars } = data;
    const level = bars.map(({ start }) => ({ time: chartTime(start), value: 0 }));
    candles.setData(bars.map(({ start, ...bar }) => ({ time: chartTime(start), ...bar })));
    news.setData(level);
    sma.setData(points(bars, data.sma));
    volume.setData(bars.map((bar) => ({ time: chartTime(bar.start), value: bar.volume })));
    volumeSma.setData(points(bars, data.volumeSma));
    rsi.setData(points(bars, data.rsi));
    fills.setMarkers(fillMarkers(data));
    headlines.setMarkers(newsMarkers(data));
    setStop(data.stop);
    setTarget(data.target);
    chart.timeScale().fitContent();
  };
  update(first);
  return update;
}

export default function TickerChart(props: { data: TickerData; says: string; height: number }) {
  return <Chart draw={draw} intraday {...props} />;
}
