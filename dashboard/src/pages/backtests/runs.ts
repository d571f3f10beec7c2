/** What runs are called, and in what two of them differ. */

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";

export type Run = Schemas["Backtest"];

export const unfinished = ({ status }: Pick<Run, "status">): boolean =>
  status === "queued" || status === "running";

/** "12 – 14 Mar 2025": the days of a run, as short as they can be. */
export function daysOf(first: string, last: string): string {
  if (first === last) return format.calendarDay(first);
  const year = first.slice(0, 4) !== last.slice(0, 4);
  return `${format.calendarDay(first, year)} – ${format.calendarDay(last)}`;
}

/** "12–14 Mar": where a column's head has no room for the year. */
function briefDays(first: string, last: string): string {
  const [from, to] = [format.calendarDay(first, false), format.calendarDay(last, false)];
  if (first.slice(0, 4) !== last.slice(0, 4)) return daysOf(first, last);
  if (from === to) return from;
  const [day = "", month = ""] = from.split(" ");
  return to.endsWith(month) ? `${day}–${to}` : `${from}–${to}`;
}

export function nameOf(run: Run): string {
  const of = run.figures ?? run.asked;
  return of ? daysOf(of.first, of.last) : run.run_id;
}

export interface Parameter {
  name: string;
  value: string;
  /** In few words, where a name has no room. */
  brief: string;
}

type Limits = Readonly<Record<string, string>> | undefined;

/** What a run was asked to do; what it left to the settings is told by these. */
export function parametersOf(run: Run, limits: Limits): Parameter[] {
  const { asked, figures } = run;
  const days = figures ?? asked;
  const brief = days ? briefDays(days.first, days.last) : run.run_id;
  const rows: Parameter[] = [{ name: "Days", value: nameOf(run), brief }];
  const put = (name: string, value: string, few: string) => rows.push({ name, value, brief: few });
  const capital = asked?.capital ?? figures?.start_equity;
  if (capital !== undefined) put("Capital", format.dollars(capital), format.dollars(capital));
  if (!asked) {
    put("Asked", "By the command line, with its own settings", "command line");
    return rows;
  }
  const set = (own: string | number | null | undefined, setting: string | undefined) =>
    own !== null && own !== undefined
      ? String(own)
      : setting === undefined
        ? "As the settings have it"
        : `${setting} (the settings’)`;
  const slippage = asked.slippage_bps ?? limits?.["fills.slippage_bps"] ?? "set";
  put("Slippage", units(set(asked.slippage_bps, limits?.["fills.slippage_bps"])), `${slippage} bp`);
  const rule = asked.learning ?? limits?.["learning.rule"] ?? "set";
  put("Learning", set(asked.learning, limits?.["learning.rule"]), `learning ${rule}`);
  const fees = { none: "None", alpaca: "Alpaca’s" };
  put(
    "Commission",
    asked.commission ? fees[asked.commission] : "As the settings have it",
    asked.commission === "none"
      ? "no commission"
      : asked.commission
        ? `${fees[asked.commission]} commission`
        : "",
  );
  put("Weights at first", weightsSaid(asked.weights ?? {}), briefWeights(asked.weights ?? {}));
  return rows;
}

const units = (text: string) => (/^\d+$/.test(text) ? `${text} bp` : text.replace(" (", " bp ("));

function weightsSaid(weights: Readonly<Record<string, number>>): string {
  const entries = Object.entries(weights);
  if (entries.length === 0) return "Alike";
  return entries
    .map(([id, weight]) => `${format.words(id)} ${format.percent(weight, { decimals: 0 })}`)
    .join(" · ");
}

function briefWeights(weights: Readonly<Record<string, number>>): string {
  const parts = Object.values(weights).map((weight) =>
    format.percent(weight, { decimals: 0, unit: false }),
  );
  return parts.length === 0 ? "equal weights" : `weights ${parts.join("/")}`;
}

/** One line under a run's name. */
export function briefly(run: Run, limits: Limits): string {
  return parametersOf(run, limits)
    .slice(1)
    .map(({ brief }) => brief)
    .filter(Boolean)
    .join(" · ");
}

/** Names of two that are compared: by the first thing in which they differ. */
export function labelsOf(one: Run, other: Run, limits: Limits): [string, string] {
  const theirs = parametersOf(other, limits);
  for (const own of parametersOf(one, limits)) {
    const match = theirs.find(({ name }) => name === own.name);
    if (match && match.brief !== own.brief)
      return [first(own.brief || "Set commission"), first(match.brief || "Set commission")];
  }
  return ["This run", "The other"];
}

const first = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Names of parameters in which two runs differ. */
export function differing(one: readonly Parameter[], other: readonly Parameter[]): Set<string> {
  const theirs = new Map(other.map(({ name, value }) => [name, value]));
  return new Set(
    one.filter(({ name, value }) => theirs.get(name) !== value).map(({ name }) => name),
  );
}
