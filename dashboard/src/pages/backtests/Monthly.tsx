/** Returns by month: a number with its sign in each field, and a tint by its size. */

import * as format from "../../format/format";
import type { Shown } from "./shown";
import { Scroll } from "../../components/Scroll";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** The tint of a small return, what a per cent adds, and the strongest. */
const TINT = { least: 8, each: 5.7, most: 46 };

export function Monthly({ shown, two }: { shown: Shown; two: boolean }) {
  const { monthly } = shown.figures;
  const years = [...new Set(Object.keys(monthly).map((month) => month.slice(0, 4)))].sort();
  return (
    <section className="card" aria-labelledby="monthly">
      <header>
        <h2 id="monthly">
          Monthly returns{" "}
          <span className="font-normal text-muted">%{two ? `, ${shown.label}` : ""}</span>
        </h2>
      </header>
      {years.length === 0 ? (
        <p className="body text-muted">No month has a return: there was no session.</p>
      ) : (
        <Scroll name="Table of monthly returns" className="px-4 pb-4">
          <table className="min-w-[600px] table-fixed text-12">
            <thead>
              <tr className="h-6 text-muted">
                <th scope="col" className="w-11">
                  <span className="sr">Year</span>
                </th>
                {MONTHS.map((month) => (
                  <th key={month} scope="col" className="text-center font-medium">
                    {month}
                  </th>
                ))}
                <th
                  scope="col"
                  className="w-14 text-right font-medium"
                  title="1 plus each month's return, multiplied, less 1"
                >
                  Year
                </th>
              </tr>
            </thead>
            <tbody>
              {years.map((year) => (
                <Year key={year} year={year} monthly={monthly} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Year({ year, monthly }: { year: string; monthly: Readonly<Record<string, number>> }) {
  const months = MONTHS.map(
    (_, index) => monthly[`${year}-${String(index + 1).padStart(2, "0")}`] ?? null,
  );
  const whole = months.reduce<number>((product, month) => product * (1 + (month ?? 0)), 1) - 1;
  return (
    <tr className="h-8">
      <th scope="row" className="text-left font-medium text-muted num">
        {year}
      </th>
      {months.map((month, index) => (
        <td key={index} className="p-px">
          <Month value={month} />
        </td>
      ))}
      <td className="text-right font-semibold num">{inPercent(whole)}</td>
    </tr>
  );
}

const inPercent = (value: number) =>
  format.percent(value, { decimals: 1, signed: true, unit: false });

function Month({ value }: { value: number | null }) {
  const place = "grid h-[30px] place-items-center rounded-badge num";
  if (value === null) {
    return (
      <span className={`${place} text-muted`}>
        <span aria-hidden="true">·</span>
        <span className="sr">no session</span>
      </span>
    );
  }
  const sign = format.signOf(value * 100, 1);
  const share = Math.min(TINT.most, TINT.least + Math.abs(value) * 100 * TINT.each);
  const background =
    sign === "zero" ? undefined : `color-mix(in srgb, var(--fill-${sign}) ${share}%, var(--card))`;
  return (
    <span className={place} style={{ background }}>
      {inPercent(value)}
    </span>
  );
}
