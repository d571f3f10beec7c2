/** Sparklines: shape at a glance, no axis; the number stands beside them. */

interface SparkProps {
  points: readonly number[];
  width?: number;
  height?: number;
  colour?: string;
  /** Draws where the line began, or this level. */
  base?: number;
  fill?: boolean;
}

const EDGE = 3;

export function Spark({
  points,
  width = 64,
  height = 24,
  colour = "var(--muted)",
  base,
  fill = false,
}: SparkProps) {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  if (points.length < 2) return <svg {...size} aria-hidden="true" />;
  const all = base === undefined ? points : [...points, base];
  const low = Math.min(...all);
  const span = Math.max(...all) - low || 1;
  const x = (index: number) => 1 + (index / (points.length - 1)) * (width - EDGE - 1);
  const y = (value: number) => height - 2 - ((value - low) / span) * (height - 4);
  const line = points.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const last = points.length - 1;
  const foot = base === undefined ? height : y(base);
  return (
    <svg {...size} fill="none" aria-hidden="true">
      {base === undefined ? null : (
        <path d={`M0 ${y(base)}H${width}`} stroke="var(--border-strong)" strokeDasharray="2 2" />
      )}
      {fill ? (
        <polygon
          points={`${x(0)},${foot} ${line.join(" ")} ${x(last)},${foot}`}
          fill={colour}
          fillOpacity="0.16"
        />
      ) : null}
      <polyline
        points={line.join(" ")}
        stroke={colour}
        strokeWidth="1.5"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
      <circle cx={x(last)} cy={y(points[last] ?? 0)} r="2" fill={colour} />
    </svg>
  );
}

/** A bar for each score at its time: up from zero or down; no line is drawn through few points. */
export function ScoreBars({
  scores,
  from,
  until,
  width = 96,
  height = 24,
}: {
  scores: readonly { at: number; score: number }[];
  from: number;
  until: number;
  width?: number;
  height?: number;
}) {
  const middle = height / 2;
  const span = until - from || 1;
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`M0 ${middle}H${width}`} stroke="var(--border-strong)" />
      {scores.map(({ at, score }, index) => {
        const x = 1 + ((at - from) / span) * (width - 4);
        const long = Math.max(1, Math.abs(score) * (middle - 1));
        const colour =
          score > 0 ? "var(--fill-gain)" : score < 0 ? "var(--fill-loss)" : "var(--muted)";
        return (
          <rect
            key={index}
            x={x}
            y={score >= 0 ? middle - long : middle}
            width="2"
            height={long}
            fill={colour}
          />
        );
      })}
    </svg>
  );
}
