/** A strategy: what it weighs, how it does, and whether it is heard. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";

import { strategyMetricsQuery } from "../../api/queries";
import { Meter } from "../../components/controls";
import { PanelBody } from "../../components/Panel";
import { Delta, None, Time, Value, strategyColour } from "../../components/values";
import * as format from "../../format/format";
import { Late, StrategySwitch } from "./StrategySwitch";
import { useSwitch } from "./useSwitch";
import { type Change, type Metrics, type Strategy, movedSince, points } from "./weights";

const FIGURES_PX = 148;

interface CardProps {
  strategy: Strategy;
  /** How many other strategies are heard. */
  others: number;
  history: Change[] | undefined;
}

export function StrategyCard({ strategy, others, history }: CardProps) {
  const id = useId();
  const [asking, ask] = useState(false);
  const control = useSwitch(strategy, () => ask(false));
  const metrics = useQuery(strategyMetricsQuery(strategy.id));
  const name = format.words(strategy.id);
  return (
    <section className="card" aria-labelledby={id}>
      <header>
        <span className={`dot ${strategyColour(strategy.id)}`} />
        <h2 id={id}>{name}</h2>
        <span className="spacer" />
        <StrategySwitch {...{ strategy, others, control, asking, ask }} />
      </header>
      <div className="body grid gap-2">
        <p className="truncate text-12 text-muted" title={strategy.description}>
          {strategy.description.charAt(0).toUpperCase() + strategy.description.slice(1)}
        </p>
        <Weight strategy={strategy} history={history} />
        {strategy.since && !strategy.active ? (
          <p className="truncate text-12" title={strategy.why}>
            Off since <Time at={strategy.since} style="day" /> <Time at={strategy.since} />
            {strategy.who ? `, by ${strategy.who}` : ""}
            {strategy.why ? `: ${strategy.why}` : ""}
          </p>
        ) : null}
        {control.late ? <Late name={name} /> : null}
        <PanelBody title={name} query={metrics} height={FIGURES_PX}>
          {(found) => <Figures metrics={found} />}
        </PanelBody>
      </div>
    </section>
  );
}

function Weight({ strategy, history }: { strategy: Strategy; history: Change[] | undefined }) {
  const { id, weight, coming_weight: coming, coming_from: from } = strategy;
  const moved = movedSince(history, weight);
  const shown = format.percent(weight, { decimals: 1 });
  return (
    <>
      <div className="flex items-baseline justify-between gap-2">
        <span className="value text-20 font-semibold tracking-tight">{shown}</span>
        <span className="num text-12 text-muted">
          {moved === null ? null : `${points(moved)} pt since the start`}
        </span>
      </div>
      <span
        className="meter"
        role="meter"
        aria-label={`Weight of ${format.words(id)}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(weight * 1000) / 10}
      >
        <i style={{ width: `${weight * 100}%`, background: `var(--${strategyColour(id)})` }} />
        {coming === null ? null : (
          <span className="mark" style={{ left: `${coming * 100}%` }} title="The coming weight" />
        )}
      </span>
      <p className="num text-12 text-muted">
        {coming === null ? (
          "No other weight is decided"
        ) : (
          <>
            Coming:{" "}
            <b className="font-medium text-ink">{format.percent(coming, { decimals: 1 })}</b>
            {` (${points(coming - weight)} pt) from `}
            <Time at={from} style="day" /> <Time at={from} />
          </>
        )}
      </p>
    </>
  );
}

/** A part of a whole in per cent; says why where there is no whole. */
function Part({ of, all, needs }: { of: number; all: number; needs: string }) {
  if (all === 0) return <None why={`needs ${needs}, has none`} />;
  return (
    <span className="num">
      <Value>{format.percent(of / all, { decimals: 1, unit: false })}</Value>{" "}
      <span className="text-muted">of {format.count(all)}</span>
    </span>
  );
}

function Figures({ metrics }: { metrics: Metrics }) {
  const { trades, needed, missing, wins, votes, hits } = metrics;
  const enough = missing === 0;
  const trade = "a closed trade";
  return (
    <div className="grid gap-3 border-t border-line pt-3" style={{ minHeight: FIGURES_PX }}>
      <dl className="grid grid-cols-[3fr_3fr_2fr] gap-x-2 gap-y-3">
        <Figure name="Realised P&L" unit="$" hint="Its part in the profit of closed trades">
          {metrics.realized_pnl === null || trades === 0 ? (
            <None why={`needs ${trade}, has none`} />
          ) : (
            <Delta value={metrics.realized_pnl} />
          )}
        </Figure>
        <Figure
          name="Win rate"
          unit="%"
          hint="Closed trades that it won, of those it had a part in"
        >
          <Part of={wins} all={trades} needs={trade} />
        </Figure>
        <Figure name="Mean hold" hint="Of a closed trade">
          {metrics.mean_hold_seconds === null || trades === 0 ? (
            <None why={`needs ${trade}, has none`} />
          ) : (
            <Value>{format.duration(metrics.mean_hold_seconds)}</Value>
          )}
        </Figure>
        <Figure name="Votes" hint="Its votes in published signals that could be judged">
          <Value>{format.count(votes)}</Value>
        </Figure>
        <Figure
          name="Hit rate"
          unit="%"
          hint="Votes that the price went the way of, some bars later"
        >
          <Part of={hits} all={votes} needs="a judged vote" />
        </Figure>
        <Figure name="As of" hint="Figures are made hourly and at a session's end">
          <Time at={metrics.at} />
        </Figure>
      </dl>
      <div className="grid content-start gap-1.5">
        <p className="num flex justify-between gap-2 text-12 text-muted">
          <span>
            Closed trades <b className="font-medium text-ink">{format.count(trades)}</b>
            {enough ? "" : ` of ${format.count(needed)}`}
          </span>
          <span>
            {enough
              ? `learning needs ${format.count(needed)}`
              : `${format.count(missing)} more until learning weighs it`}
          </span>
        </p>
        <Meter
          value={needed ? trades / needed : 1}
          label={`Closed trades against the ${format.count(needed)} that learning needs`}
        />
      </div>
    </div>
  );
}

function Figure({
  name,
  unit,
  hint,
  children,
}: {
  name: string;
  unit?: string;
  hint: string;
  children: ReactNode;
}) {
  return (
    <div title={hint}>
      <dt className="text-12 text-muted">
        {name}
        {unit ? <span className="u"> {unit}</span> : null}
      </dt>
      <dd className="num whitespace-nowrap">{children}</dd>
    </div>
  );
}
