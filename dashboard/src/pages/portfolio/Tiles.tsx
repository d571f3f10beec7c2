/** The account's figures: value, what it is made of, shape; how it is computed when hovered. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Schemas } from "../../api/client";
import { historyQuery, metricsQuery } from "../../api/queries";
import { ErrorState } from "../../components/Panel";
import { Spark } from "../../components/Spark";
import { Delta, Value } from "../../components/values";
import * as format from "../../format/format";
import { useOfflineSince } from "../../live/LiveProvider";
import { type Step, closesOf, deepest, moment, stepsOf, winRates } from "./figures";
import { type Range, useAccount, usePeriodTrades } from "./period";

const GRID =
  "grid grid-cols-2 gap-px overflow-hidden rounded-card border border-line bg-line " +
  "md:grid-cols-3 xl:grid-cols-[1.3fr_1.2fr_.9fr_1.1fr_.95fr_1.15fr]";

export function Tiles({ range }: { range: Range }) {
  const { account } = useAccount();
  const offline = useOfflineSince() !== null;
  const metrics = useQuery(metricsQuery(range));
  const history = useQuery(historyQuery(range)).data;
  const trades = usePeriodTrades(range).data?.pages;
  const failed = [account, metrics].find((query) => query.error && !query.data);
  if (failed) {
    return (
      <section className="card" aria-label="Account figures">
        <ErrorState
          error={failed.error}
          retry={failed.refetch}
          busy={failed.isFetching}
          height={86}
        />
      </section>
    );
  }
  const steps = stepsOf(history?.points ?? []);
  const closes = trades?.at(-1)?.cursor ? null : closesOf(trades?.flatMap((p) => p.trades) ?? []);
  return (
    <dl
      className={offline ? `${GRID} is-stale` : GRID}
      aria-label="Account figures"
      aria-busy={!account.data || !metrics.data}
    >
      <Money account={account.data} steps={steps} />
      <Return figures={metrics.data} start={steps[0]} />
      <Sharpe figures={metrics.data} />
      <WinRate figures={metrics.data} pnls={closes?.map(({ pnl }) => pnl) ?? null} />
      <Drawdown figures={metrics.data} steps={steps} />
    </dl>
  );
}

interface TileProps {
  name: ReactNode;
  formula: string;
  value: ReactNode | undefined;
  sub: ReactNode;
  spark?: ReactNode;
  desk?: boolean;
}

function Tile({ name, formula, value, sub, spark, desk = false }: TileProps) {
  return (
    <div className={`min-w-0 bg-card px-4 py-3 max-md:px-3 ${desk ? "desk" : ""}`} title={formula}>
      <dt className="text-12 font-medium text-muted">{name}</dt>
      <dd className="flex h-8 items-center justify-between gap-2 whitespace-nowrap">
        {value === undefined ? (
          <span key="asked" className="sk w-24" />
        ) : (
          <span key="known" className="text-20 font-semibold tracking-[-0.015em]">
            {value}
          </span>
        )}
        {spark}
      </dd>
      <dd className="num h-4 overflow-hidden text-12 text-ellipsis whitespace-nowrap text-muted">
        {sub}
      </dd>
    </div>
  );
}

const unit = (text: string) => <span className="font-normal">{text}</span>;
const plural = (range: Schemas["Metrics"]["period"]) =>
  range === "all" ? "the run" : "the period";

function Money({ account, steps }: { account?: Schemas["Portfolio"] | undefined; steps: Step[] }) {
  const equity = steps.map((step) => step.equity);
  return (
    <>
      <Tile
        desk
        name={<>Equity {unit("$")}</>}
        formula="Cash and positions at their last prices"
        value={account && <Value>{format.money(account.equity)}</Value>}
        sub={account ? `cash ${format.money(account.cash, 0)}` : null}
        spark={<Spark points={equity} width={56} colour="var(--accent)" />}
      />
      <Tile
        desk
        name={<>Day P&L {unit("$")}</>}
        formula="Equity now less equity when the day began in New York"
        value={account && <Delta value={account.day_pnl} />}
        sub={
          account ? (
            <>
              {account.day_pct === null
                ? null
                : `${format.percent(account.day_pct / 100, { signed: true })} · `}
              open {format.gain(account.unrealized_pnl, 0)}
            </>
          ) : null
        }
      />
    </>
  );
}

/** The days are only counted: a tuple of them does not survive the client's types. */
type Period = Omit<Schemas["Metrics"], "returns"> & { returns: readonly unknown[] };
type Figures = { figures: Period | undefined };

function Return({ figures, start }: Figures & { start: Step | undefined }) {
  const roi = figures?.roi;
  return (
    <Tile
      name="ROI"
      formula={`Equity at the end of ${plural(figures?.period ?? "1d")} by equity at its start, less one`}
      value={roi && <Delta value={roi.value} of="fraction" />}
      sub={roi?.value == null ? roi?.reason : start && `of ${format.count(start.equity)} at start`}
    />
  );
}

function Sharpe({ figures }: Figures) {
  const sharpe = figures?.sharpe;
  const days = figures?.returns.length ?? 0;
  return (
    <Tile
      name="Sharpe"
      formula="Mean of the daily returns by their deviation, times the root of 252; riskless rate 0"
      value={sharpe && <Value>{format.fixed(sharpe.value)}</Value>}
      sub={
        sharpe?.value == null
          ? needs(sharpe?.reason)
          : `of ${format.counted(days, "day")}${days < FEW_DAYS ? ", too few to trust" : ""}`
      }
    />
  );
}

const FEW_DAYS = 20;

/** "needs 2 days that differ": as short as a tile is narrow. */
const needs = (reason: string | undefined) => reason?.replace(/^it /, "").replace("two", "2");

function WinRate({ figures, pnls }: Figures & { pnls: number[] | null }) {
  const rate = figures?.win_rate;
  const won = pnls?.filter((pnl) => pnl > 0).length ?? 0;
  const lost = pnls?.filter((pnl) => pnl < 0).length ?? 0;
  const rates = winRates((pnls ?? []).map((pnl) => ({ at: "", pnl })));
  return (
    <Tile
      name="Win rate"
      formula="Closed trades that gained, of those that gained or lost"
      value={rate && <Value>{format.percent(rate.value, { decimals: 1 })}</Value>}
      sub={
        rate?.value == null
          ? rate?.reason
          : won + lost > 0
            ? `${format.count(won)} won · ${format.count(lost)} lost`
            : `of ${format.counted(figures?.trades ?? 0, "closed trade")}`
      }
      spark={rates.length > 1 ? <Spark points={rates} width={56} base={0.5} /> : null}
    />
  );
}

function Drawdown({ figures, steps }: Figures & { steps: Step[] }) {
  const depth = figures?.max_drawdown;
  const low = deepest(steps);
  const last = steps.at(-1);
  return (
    <Tile
      name="Max drawdown"
      formula="The deepest fall of the equity from an earlier peak"
      value={depth && <Value>{format.percent(depth.value)}</Value>}
      sub={
        depth?.value == null
          ? depth?.reason
          : low && last && low.drawdown < 0
            ? `at ${moment(low.at, last.at)} · now ${format.percent(last.drawdown)}`
            : "never under a peak"
      }
      spark={
        steps.length > 1 ? (
          <Spark points={steps.map((step) => step.drawdown)} width={56} base={0} fill />
        ) : null
      }
    />
  );
}
