/** Weights by sliders that sum to a hundred: what one takes, the others give. */

import { useState } from "react";

import { Button } from "../../components/controls";
import { StrategyName } from "../../components/values";
import * as format from "../../format/format";
import { alike, most, movable, moved, type Weights } from "./weights";

interface SlidersProps {
  weights: Weights;
  onChange: (weights: Weights) => void;
  error?: string | undefined;
}

export function WeightSliders({ weights, onChange, error }: SlidersProps) {
  const [locked, lock] = useState<ReadonlySet<string>>(new Set());
  const ids = Object.keys(weights);
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const toggle = (id: string) => {
    const next = new Set(locked);
    if (!next.delete(id)) next.add(id);
    lock(next);
  };
  return (
    <fieldset className="grid min-w-0 content-start gap-2">
      <legend className="flex w-full items-center gap-3 pb-1 text-12 font-medium text-muted">
        Weights at first
        <span className="ml-auto num text-ink">{format.percent(sum / 100, { decimals: 0 })}</span>
      </legend>
      {ids.map((id) => {
        const weight = weights[id] ?? 0;
        const name = format.words(id);
        const free = movable(weights, id, locked);
        return (
          <div
            key={id}
            className="grid grid-cols-[minmax(0,1fr)_auto_auto] items-center gap-x-3 md:grid-cols-[132px_minmax(0,1fr)_44px_auto]"
          >
            <StrategyName id={id} />
            <input
              className="range order-last col-span-3 h-8 md:order-none md:col-span-1"
              type="range"
              min={0}
              max={100}
              step={1}
              value={weight}
              disabled={!free}
              title={free ? undefined : "It is locked, or all others are"}
              aria-label={`${name} weight`}
              aria-valuetext={`${weight} per cent, at most ${most(weights, id, locked)}`}
              onChange={(event) => onChange(moved(weights, id, Number(event.target.value), locked))}
            />
            <span className="value text-right">
              {format.percent(weight / 100, { decimals: 0 })}
            </span>
            <Button
              size="s"
              kind="ghost"
              className="w-16"
              aria-pressed={locked.has(id)}
              aria-label={`Lock ${name}`}
              onClick={() => toggle(id)}
            >
              {locked.has(id) ? "Locked" : "Lock"}
            </Button>
          </div>
        );
      })}
      <div className="flex items-center gap-3">
        {error ? (
          <span role="alert" className="hint err">
            {error}
          </span>
        ) : (
          <span className="hint">A strategy at 0&nbsp;% has no voice. A locked one stays.</span>
        )}
        <span className="spacer" />
        <Button size="s" kind="ghost" onClick={() => onChange(alike(ids))}>
          Even out
        </Button>
      </div>
    </fieldset>
  );
}
