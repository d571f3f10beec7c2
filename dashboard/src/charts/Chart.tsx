/** The frame of a time chart: sized by its box, made anew with the theme, described in words. */

import { type IChartApi, createChart } from "lightweight-charts";
import { useEffect, useRef } from "react";

import { useTheme } from "../app/theme";
import { chartOptions } from "./options";

interface ChartProps<T> {
  /** Draws all series once; returns what takes newer data of the same shape. */
  draw: (chart: IChartApi, data: T) => (data: T) => void;
  data: T;
  intraday: boolean;
  /** What the chart shows, in a sentence: for people who do not see it. */
  says: string;
  height?: number;
  still?: boolean;
}

export default function Chart<T>({
  draw,
  data,
  intraday,
  says,
  height = 272,
  still = true,
}: ChartProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const update = useRef<((data: T) => void) | null>(null);
  const newest = useRef(data);
  const { theme, palette } = useTheme();

  useEffect(() => {
    newest.current = data;
    update.current?.(data);
  }, [data]);

  useEffect(() => {
    const frame = box.current;
    if (!frame) return;
    frame.style.visibility = "hidden"; // until its panes have their places
    const chart = createChart(frame, chartOptions(intraday, still));
    update.current = draw(chart, newest.current);
    chart.timeScale().fitContent();
    const shown = requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        frame.style.visibility = "";
      }),
    );
    return () => {
      cancelAnimationFrame(shown);
      update.current = null;
      chart.remove();
    };
    // The theme's colours are read while drawing.
  }, [draw, intraday, still, theme, palette]);

  return (
    <figure className="chart" style={{ height }}>
      {/* absolute: a chart in the flow would grow with its own box */}
      <div ref={box} className="absolute inset-0" aria-hidden="true" />
      <figcaption className="sr">{says}</figcaption>
    </figure>
  );
}
