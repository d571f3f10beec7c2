/**
 * The charts made with Recharts: in a chunk of their own, which is loaded when they are shown.
 *
 * Nothing moves (no animation), colours are tokens, and who cannot see them reads the sentence
 * beside them: so Recharts' own keyboard layer is off.
 */

import { useLayoutEffect, useRef, useState } from "react";
import {
  Area,
  AreaChart,
  CartesianGrid,
  Pie,
  PieChart,
  ReferenceDot,
  ReferenceLine,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";

import { strategyColour } from "../../components/values";
import * as format from "../../format/format";
import { type Mark, type Step, type Strategy, ticksOf } from "./weights";

const TWO_DAYS_MS = 2 * 86_400_000;
const TICK = { fill: "var(--muted)", fontSize: 12 };
const colour = (id: string) => `var(--${strategyColour(id)})`;

export function Ring({ strategies, size }: { strategies: Strategy[]; size: number }) {
  const parts = strategies.map(({ id, weight, active }) => ({
    name: id,
    value: weight,
    fill: colour(id),
    fillOpacity: active ? 1 : 0.35,
  }));
  return (
    <PieChart width={size} height={size} accessibilityLayer={false}>
      <Pie
        data={parts}
        dataKey="value"
        innerRadius={40}
        outerRadius={56}
        startAngle={90}
        endAngle={-270}
        paddingAngle={2}
        stroke="none"
        isAnimationActive={false}
        rootTabIndex={-1}
      />
    </PieChart>
  );
}

/** The width of an element, followed; 0 before it is known. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, measure] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    measure(element.clientWidth);
    const observer = new ResizeObserver(() => measure(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { box, width };
}

interface StackProps {
  steps: Step[];
  ids: string[];
  marks: Mark[];
  /** Where the run is, when a change that is decided lies ahead. */
  now: number | null;
  height: number;
}

export function Stack({ steps, ids, marks, now, height }: StackProps) {
  const { box, width } = useWidth();
  const from = steps[0]?.at ?? 0;
  const until = steps.at(-1)?.at ?? from;
  const label = (at: number) => (until - from < TWO_DAYS_MS ? format.clock(at) : format.day(at));
  return (
    <div ref={box} style={{ height }} className="overflow-hidden">
      {width > 0 ? (
        <AreaChart
          width={width}
          height={height}
          data={steps}
          margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
          accessibilityLayer={false}
        >
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            dataKey="at"
            type="number"
            domain={[from, until]}
            ticks={ticksOf(from, until, width < 480 ? 3 : 6)}
            tickFormatter={label}
            tick={TICK}
            tickLine={{ stroke: "var(--border-strong)" }}
            axisLine={{ stroke: "var(--border)" }}
            interval={0}
          />
          <YAxis
            width={56}
            domain={[0, 1]}
            ticks={[0, 0.25, 0.5, 0.75, 1]}
            tickFormatter={(part: number) => format.percent(part, { decimals: 0 })}
            tick={TICK}
            tickLine={false}
            axisLine={false}
            allowDataOverflow
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: "var(--border-strong)" }}
            content={({ active, payload }) => {
              const step = payload[0]?.payload as Step | undefined;
              return active && step ? <Told step={step} ids={ids} /> : null;
            }}
          />
          {ids.map((id) => (
            <Area
              key={id}
              type="stepAfter"
              name={id}
              dataKey={({ weights }: Step) => weights[id] ?? 0}
              stackId="weights"
              stroke={colour(id)}
              strokeWidth={1.5}
              fill={colour(id)}
              fillOpacity={0.28}
              activeDot={false}
              isAnimationActive={false}
            />
          ))}
          {now === null ? null : (
            <ReferenceLine
              x={now}
              stroke="var(--muted)"
              strokeDasharray="3 3"
              label={{ value: "now", position: "insideBottomLeft", ...TICK }}
            />
          )}
          {marks.map(({ at, bound }) => (
            <ReferenceDot
              key={at}
              x={at}
              y={1}
              shape={({ cx = 0, cy = 0 }: { cx?: number; cy?: number }) => (
                <path
                  d={`M${cx - 4} ${cy - 1}h8l-4 6z`}
                  fill={bound ? "var(--warn)" : "var(--text)"}
                />
              )}
            />
          ))}
        </AreaChart>
      ) : null}
    </div>
  );
}

/** What held from a step on. */
function Told({ step, ids }: { step: Step; ids: string[] }) {
  return (
    <div className="grid gap-1 rounded-control border border-line-strong bg-overlay p-2 text-12">
      <span className="num text-muted">
        from {format.day(step.at)} {format.clock(step.at)}
      </span>
      {ids.map((id) => (
        <span key={id} className="flex items-center gap-2 whitespace-nowrap">
          <span className={`dot ${strategyColour(id)}`} />
          {format.words(id)}
          <b className="num ml-auto pl-3 font-medium">
            {format.percent(step.weights[id] ?? 0, { decimals: 1 })}
          </b>
        </span>
      ))}
    </div>
  );
}
