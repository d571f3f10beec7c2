/** Growth of 100 of one run or two, where buy and hold ended, and the drawdowns below. */

import { AreaSeries, type IChartApi, LineSeries, LineStyle, type Time } from "lightweight-charts";

import * as format from "../format/format";
import Chart from "./Chart";
import { QUIET, alpha, priced, token } from "./options";

interface Point {
  time: number;
  value: number;
}

export interface BacktestLine {
  /** The token of its colour: "--accent". */
  colour: string;
  growth: readonly Point[];
  down: readonly Point[];
}

interface Drawn {
  lines: readonly BacktestLine[];
  /** Where buy and hold ended, of 100; null: not known. */
  hold: number | null;
}

const DOWN_PANE = 1;
const dataOf = (points: readonly Point[]) =>
  points.map(({ time, value }) => ({ time: time as Time, value }));

function draw(chart: IChartApi, { lines, hold }: Drawn): (data: Drawn) => void {
  const series = lines.map(({ colour }) => {
    const hex = token(colour);
    const growth = chart.addSeries(LineSeries, {
      ...QUIET,
      color: hex,
      lineWidth: 2,
      priceFormat: priced((value) => format.fixed(value, 1), 0.1),
    });
    const down = chart.addSeries(
      AreaSeries,
      {
        ...QUIET,
        lineColor: hex,
        lineWidth: 1,
        topColor: alpha(hex, 0.04),
        bottomColor: alpha(hex, 0.2),
        priceFormat: priced((value) => format.percent(value, { decimals: 1 }), 0.001),
      },
      DOWN_PANE,
    );
    return { growth, down };
  });
  if (hold !== null) {
    series[0]?.growth.createPriceLine({
      price: hold,
      color: token("--muted"),
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: false,
      title: "",
    });
  }
  const put = (data: Drawn) =>
    data.lines.forEach((line, index) => {
      series[index]?.growth.setData(dataOf(line.growth));
      series[index]?.down.setData(dataOf(line.down));
    });
  put({ lines, hold });
  const [upper, lower] = chart.panes();
  upper?.setStretchFactor(3);
  lower?.setStretchFactor(1);
  return put;
}

interface BacktestChartProps extends Drawn {
  intraday: boolean;
  says: string;
  height: number;
}

export default function BacktestChart({ lines, hold, intraday, says, height }: BacktestChartProps) {
  return (
    <Chart
      key={`${lines.length} ${hold ?? ""}`}
      draw={draw}
      data={{ lines, hold }}
      intraday={intraday}
      says={says}
      height={height}
    />
  );
}
