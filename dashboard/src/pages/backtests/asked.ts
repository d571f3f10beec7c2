/** What a form asks for: read from the URL, checked, and written as the API takes it. */

import type { Schemas } from "../../api/client";
import { alike, normal, type Weights } from "./weights";

export type Asked = Schemas["BacktestAsked"];
export type Learning = "" | NonNullable<Asked["learning"]>;
export type Commission = "" | NonNullable<Asked["commission"]>;

/** The fields as people fill them in; empty is "as the settings have it". */
export interface Form {
  first: string;
  last: string;
  capital: string;
  slippage: string;
  learning: Learning;
  commission: Commission;
  weights: Weights;
}

export type Errors = Record<string, string>;

const MOST_CAPITAL = 1_000_000_000;
const MOST_SLIPPAGE = 1_000;
const LEARNING = ["fixed", "ewma", "hedge"] as const;
const COMMISSION = ["none", "alpaca"] as const;

/** The names in the URL, by which a run is asked for again. */
export function searchOf(asked: Asked): string {
  const search = new URLSearchParams({ new: "1", first: asked.first, last: asked.last });
  const put = (name: string, value: unknown) => {
    if (value !== null && value !== undefined) search.set(name, String(value));
  };
  put("capital", asked.capital);
  put("slippage_bps", asked.slippage_bps);
  put("learning", asked.learning);
  put("commission", asked.commission);
  const weights = Object.entries(asked.weights ?? {});
  if (weights.length > 0) {
    search.set("weights", weights.map(([id, weight]) => `${id}:${weight}`).join(","));
  }
  return search.toString();
}

/** The form that a URL asks for; what it leaves out is all days, and the settings'. */
export function formOf(
  search: URLSearchParams,
  days: readonly string[],
  strategies: readonly string[],
): Form {
  const given = (name: string) => search.get(name) ?? "";
  return {
    first: given("first") || (days[0] ?? ""),
    last: given("last") || (days.at(-1) ?? ""),
    capital: given("capital"),
    slippage: given("slippage_bps"),
    learning: LEARNING.find((rule) => rule === given("learning")) ?? "",
    commission: COMMISSION.find((kind) => kind === given("commission")) ?? "",
    weights: weightsOf(given("weights"), strategies),
  };
}

function weightsOf(text: string, strategies: readonly string[]): Weights {
  const given = new Map(
    text.split(",").map((part) => {
      const [id = "", weight = ""] = part.split(":");
      return [id, Number(weight)];
    }),
  );
  const own = strategies.map((id) => [id, given.get(id) ?? 0] as const);
  return normal(Object.fromEntries(own)) ?? alike(strategies);
}

const WHOLE = /^\d+$/;

/** What is amiss with each field, before the API is asked. */
export function checked(form: Form, days: readonly string[]): Errors {
  const errors: Errors = {};
  const archived = (day: string) =>
    days.includes(day) ? "" : day ? "The archive has no session on this day." : "Choose a day.";
  for (const name of ["first", "last"] as const) {
    const wrong = archived(form[name]);
    if (wrong) errors[name] = wrong;
  }
  if (!errors["first"] && !errors["last"] && form.last < form.first) {
    errors["last"] = "The last day is before the first.";
  }
  const capital = form.capital.replaceAll(",", "").trim();
  if (capital && !(WHOLE.test(capital) && within(capital, 1, MOST_CAPITAL))) {
    errors["capital"] = "Whole dollars, from 1 to 1,000,000,000.";
  }
  const slippage = form.slippage.trim();
  if (slippage && !(WHOLE.test(slippage) && within(slippage, 0, MOST_SLIPPAGE))) {
    errors["slippage_bps"] = "Whole basis points, from 0 to 1,000.";
  }
  return errors;
}

const within = (text: string, least: number, most: number) =>
  Number(text) >= least && Number(text) <= most;

/** The request; null is as the settings have it, weights that are alike are left out. */
export function bodyOf(form: Form): Asked {
  const ids = Object.keys(form.weights);
  const even = alike(ids);
  const same = ids.every((id) => form.weights[id] === even[id]);
  const capital = form.capital.replaceAll(",", "").trim();
  const asked: Asked = {
    first: form.first,
    last: form.last,
    capital: capital ? Number(capital) : null,
    slippage_bps: form.slippage.trim() ? Number(form.slippage) : null,
    learning: form.learning || null,
    commission: form.commission || null,
  };
  if (!same) {
    asked.weights = Object.fromEntries(ids.map((id) => [id, (form.weights[id] ?? 0) / 100]));
  }
  return asked;
}

/** The API's errors at the form's fields; those of parts (weights.momentum) at the whole. */
export function fieldErrors(fields: Record<string, string>): Errors {
  const errors: Errors = {};
  for (const [name, reason] of Object.entries(fields)) {
    const field = name.split(/[.[]/)[0] ?? "";
    errors[field] = sentence(reason);
  }
  return errors;
}

function sentence(reason: string): string {
  const plain = reason.replace(/^Value error, /, "");
  const first = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
