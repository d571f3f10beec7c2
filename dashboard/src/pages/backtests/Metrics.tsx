/** Every figure of one run or two, with its formula, and the better of the two marked. */

import { Fragment } from "react";

import { few } from "./growth";
import { betterOf, type Figures, type Metric, METRICS } from "./metrics";
import type { Shown } from "./shown";
import { Scroll } from "../../components/Scroll";

export function Metrics({ shown }: { shown: readonly Shown[] }) {
  const two = shown.length > 1;
  const doubted = shown.some(({ figures }) => few(figures.first, figures.last));
  return (
    <section className="card" aria-labelledby="metrics">
      <header>
        <h2 id="metrics">Metrics</h2>
        <span className="spacer" />
        {two ? (
          <span className="meta">
            <span className="text-accent">•</span> the better of the two
          </span>
        ) : (
          <span className="meta">hover for the formula</span>
        )}
      </header>
      <Scroll name="Table of metrics" className="px-4 pb-4">
        <table className="w-full text-12">
          <thead>
            <tr className="h-6 text-muted">
              <th scope="col">
                <span className="sr">Metric</span>
              </th>
              {shown.map(({ label, run }) => (
                <th
                  key={run.run_id}
                  scope="col"
                  className="max-w-24 truncate pl-2 text-right font-medium"
                  title={label}
                >
                  {two ? label : "This run"}
                </th>
              ))}
            </tr>
          </thead>
          {METRICS.map((group, index) => (
            <tbody key={index} className={index ? "border-t border-line" : ""}>
              {group.map((metric) => (
                <tr key={metric.name} className="h-[22px]" title={metric.formula}>
                  <th scope="row" className="whitespace-nowrap text-left font-normal text-muted">
                    {metric.name} {metric.unit ? <span className="u">{metric.unit}</span> : null}
                    <span className="sr">. {metric.formula}</span>
                  </th>
                  <Cells metric={metric} shown={shown} />
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </Scroll>
      {doubted ? <footer>Of so few sessions, what is scaled to a year says little.</footer> : null}
    </section>
  );
}

function Cells({ metric, shown }: { metric: Metric; shown: readonly Shown[] }) {
  const [one, other] = shown;
  const better = one && other ? betterOf(metric, one.figures, other.figures) : null;
  return (
    <>
      {shown.map(({ run, figures }, index) => (
        <Fragment key={run.run_id}>
          <td
            className={`whitespace-nowrap pl-2 text-right num ${better === index ? "font-semibold" : ""}`}
          >
            {better === index ? (
              <>
                <span className="text-accent" aria-hidden="true">
                  •{" "}
                </span>
                <span className="sr">better: </span>
              </>
            ) : null}
            <Figure metric={metric} figures={figures} brief={shown.length > 1} />
          </td>
        </Fragment>
      ))}
    </>
  );
}

function Figure({ metric, figures, brief }: { metric: Metric; figures: Figures; brief: boolean }) {
  const value = metric.of(figures);
  if (value !== null) return metric.shown(value);
  const why = metric.why ?? "undefined";
  return (
    <span className="text-muted" title={why}>
      <span aria-hidden="true">—</span>
      <span className={brief ? "sr" : ""}> {why}</span>
    </span>
  );
}
