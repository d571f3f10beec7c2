/** What each strategy brought, why signals were denied, and what was asked. */

import { useQuery } from "@tanstack/react-query";

import { limitsQuery } from "../../api/queries";
import { Badge, Delta, None, StrategyName, Time, Value } from "../../components/values";
import * as format from "../../format/format";
import { differing, parametersOf, type Run } from "./runs";
import type { Shown } from "./shown";
import { Scroll } from "../../components/Scroll";

export function ByStrategy({ shown }: { shown: readonly Shown[] }) {
  const [one, other] = shown;
  if (!one) return null;
  const ids = [
    ...new Set(
      shown.flatMap(({ figures }) => [
        ...Object.keys(figures.weights),
        ...Object.keys(figures.attribution),
      ]),
    ),
  ].sort();
  const first = one.run.asked?.weights ?? {};
  const alike = Object.keys(first).length === 0;
  return (
    <section className="card" aria-labelledby="by-strategy">
      <header>
        <h2 id="by-strategy">By strategy</h2>
      </header>
      <Scroll name="Table of strategies">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Strategy</th>
              {other ? null : (
                <>
                  <th scope="col" className="r">
                    At first <span className="u">%</span>
                  </th>
                  <th scope="col" className="r">
                    At the end <span className="u">%</span>
                  </th>
                </>
              )}
              {shown.map(({ run, label }) => (
                <th
                  key={run.run_id}
                  scope="col"
                  className="r"
                  title={`Profit credited to it: ${label}`}
                >
                  {other ? label : "Profit"} <span className="u">$</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ids.map((id) => (
              <tr key={id} className="row">
                <td>
                  <StrategyName id={id} />
                </td>
                {other ? null : (
                  <>
                    <td className="r">
                      {alike && one.run.asked ? (
                        <span className="text-muted">alike</span>
                      ) : (
                        <Weight value={first[id]} />
                      )}
                    </td>
                    <td className="r">
                      <Weight value={one.figures.weights[id]} />
                    </td>
                  </>
                )}
                {shown.map(({ run, figures }) => (
                  <td key={run.run_id} className="r">
                    <Delta value={figures.attribution[id] ?? null} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Weight({ value }: { value: number | undefined }) {
  if (value === undefined) return <None why="Not told" />;
  return <Value>{format.percent(value, { decimals: 1, unit: false })}</Value>;
}

/** Checks that denied what signals asked for, the most frequent first. */
export function Rejects({ shown, two }: { shown: Shown; two: boolean }) {
  const entries = Object.entries(shown.figures.rejects).sort((one, other) => other[1] - one[1]);
  const most = entries[0]?.[1] ?? 1;
  const all = entries.reduce((sum, [, number]) => sum + number, 0);
  return (
    <section className="card" aria-labelledby="rejects">
      <header>
        <h2 id="rejects">Denied signals</h2>
        <span className="meta num">
          {format.count(all)} of {format.count(shown.figures.signals)}
          {two ? `, ${shown.label}` : ""}
        </span>
      </header>
      {entries.length === 0 ? (
        <p className="body text-muted">No check denied anything.</p>
      ) : (
        <ol className="body grid gap-1">
          {entries.map(([code, number]) => (
            <li
              key={code}
              className="grid min-h-6 grid-cols-[148px_minmax(0,1fr)_48px] items-center gap-3"
            >
              <span>
                <Badge tone="code">{code}</Badge>
              </span>
              <span className="meter">
                <i style={{ width: `${(number / most) * 100}%` }} />
              </span>
              <span className="text-right num">{format.count(number)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** What was asked, and what of it differs between two. */
export function Parameters({ run, other }: { run: Run; other?: Run | undefined }) {
  const limits = useQuery(limitsQuery()).data;
  const own = parametersOf(run, limits);
  const theirs = other ? parametersOf(other, limits) : [];
  const differ = other ? differing(own, theirs) : new Set<string>();
  const { figures } = run;
  return (
    <section className="card" aria-labelledby="parameters">
      <header>
        <h2 id="parameters">Parameters</h2>
        {other ? <span className="meta">what differs is marked</span> : null}
      </header>
      <dl className="body grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-12 num xl:grid-cols-[auto_minmax(0,1fr)_auto_minmax(0,1fr)]">
        {own.map(({ name, value }) => (
          <Pair key={name} name={name}>
            {value}
            {differ.has(name) ? (
              <>
                {" · "}
                {theirs.find((each) => each.name === name)?.value ?? format.NONE}{" "}
                <Badge tone="accent">differs</Badge>
              </>
            ) : null}
          </Pair>
        ))}
        {figures ? (
          <Pair name="Input">
            {format.count(figures.bars)} bars of {figures.interval} ·{" "}
            {format.counted(figures.articles, "article")}
          </Pair>
        ) : null}
        <Pair name="Asked">
          <Time at={run.requested_at} style="seconds" /> {format.date(run.requested_at)} by{" "}
          {run.who || "the command line"}
        </Pair>
        {run.started_at && run.finished_at ? (
          <Pair name="Took">
            {format.delay(Date.parse(run.finished_at) - Date.parse(run.started_at))}
          </Pair>
        ) : null}
        {run.stored ? (
          <Pair name="Stored as">
            <span className="mono break-all">{run.stored}</span>
          </Pair>
        ) : null}
      </dl>
    </section>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}
