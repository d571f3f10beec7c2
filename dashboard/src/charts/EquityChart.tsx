/** Equity over its drawdown band, with an arrow where a trade closed. */

import {
  AreaSeries,
  BaselineSeries,
  type IChartApi,
  LineStyle,
  type SeriesMarker,
  type Time,
  createSeriesMarkers,
} from "lightweight-charts";

import * as format from "../format/format";
import Chart from "./Chart";
import { QUIET, alpha, chartTime, priced, token } from "./options";

export interface EquityData {
  steps: readonly { at: string; equity: number; drawdown: number }[];
  /** What closed, oldest first; those worth an arrow. */
  closes: readonly { at: string; pnl: number }[];
}

/** Each close at the newest snapshot before it, as the line has no other points. */
function markersOf({ steps, closes }: EquityData): SeriesMarker<Time>[] {
  const markers: SeriesMarker<Time>[] = [];
  let index = 0;
  for (const { at, pnl } of closes) {
    const closed = Date.parse(at);
    while (index + 1 < steps.length && Date.parse(steps[index + 1]?.at ?? "") <= closed) index += 1;
    const step = steps[index];
    if (!step) continue;
    markers.push({
      time: chartTime(step.at),
      position: pnl > 0 ? "belowBar" : "aboveBar",
      shape: pnl > 0 ? "arrowUp" : "arrowDown",
      color: token(pnl > 0 ? "--gain" : "--loss"),
      size: 0.6,
    });
  }
  return markers;
}

function draw(chart: IChartApi, first: EquityData) {
  const accent = token("--accent");
  const loss = token("--loss");
  const line = chart.addSeries(BaselineSeries, {
    ...QUIET,
    lineWidth: 2,
    topLineColor: accent,
    topFillColor1: alpha(accent, 0.16),
    topFillColor2: alpha(accent, 0.02),
    bottomLineColor: accent,
    bottomFillColor1: alpha(accent, 0.02),
    bottomFillColor2: alpha(accent, 0.1),
    priceFormat: priced((value) => format.count(value), 1),
  });
  const start = line.createPriceLine({
    price: 0,
    color: token("--control"),
    lineStyle: LineStyle.Dashed,
    lineWidth: 1,
    axisLabelVisible: false,
    title: "",
  });
  const markers = createSeriesMarkers(line, []);
  const band = chart.addSeries(
    AreaSeries,
    {
      ...QUIET,
      lineColor: loss,
      lineWidth: 1,
      topColor: alpha(loss, 0.04),
      bottomColor: alpha(loss, 0.28),
      invertFilledArea: true,
      priceFormat: priced((value) => format.percent(value), 0.0001),
    },
    1,
  );
  chart.panes()[0]?.setStretchFactor(0.78);
  chart.panes()[1]?.setStretchFactor(0.22);
  band.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.1 } });

  const update = (data: EquityData) => {
    const base = data.steps[0]?.equity ?? 0;
    line.applyOptions({ baseValue: { type: "price", price: base } });
    start.applyOptions({ price: base });
    line.setData(data.steps.map(({ at, equity }) => ({ time: chartTime(at), value: equity })));
    band.setData(data.steps.map(({ at, drawdown }) => ({ time: chartTime(at), value: drawdown })));
    markers.setMarkers(markersOf(data));
    chart.timeScale().fitContent();
  };
  update(first);
  return update;
}

export default function EquityChart(props: { data: EquityData; says: string; height: number }) {
  return <Chart draw={draw} intraday {...props} />;
}
