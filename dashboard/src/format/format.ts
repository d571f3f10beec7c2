/**
 * The one formatter: every number and time that people read passes here.
 *
 * Money comes from the API as text with four decimals and is formatted as text, so no digit is lost.
 * Minus is U+2212, zero has no sign, and what is not known is a dash.
 */

export type Amount = string | number | null | undefined;
export type Sign = "gain" | "loss" | "zero";

export const NONE = "\u2014";
const MINUS = "\u2212";
const THIN = "\u00a0";
const LOCALE = "en-US";

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(decimals: number, signed: boolean): Intl.NumberFormat {
  const key = `${decimals}${signed}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: signed ? "exceptZero" : "negative",
    });
    formats.set(key, found);
  }
  return found;
}

/** A number with that many decimals; `signed` puts a plus before gains. */
export function fixed(value: Amount, decimals = 2, signed = false): string {
  if (value === null || value === undefined || value === "") return NONE;
  if (!Number.isFinite(Number(value))) return NONE;
  // The format takes decimal text exactly; TypeScript's types have it as a template literal.
  return numberFormat(decimals, signed)
    .format(value as number)
    .replace("-", MINUS);
}

/** Dollars with cents, without the dollar sign: the header names the unit. */
export const money = (value: Amount, decimals = 2): string => fixed(value, decimals);

/** Dollars with a sign: what was gained or lost. */
export const gain = (value: Amount, decimals = 2): string => fixed(value, decimals, true);

/** Dollars with the dollar sign, where no header names the unit. */
export function dollars(value: Amount, decimals = 0): string {
  const plain = fixed(value, decimals);
  if (plain === NONE) return NONE;
  return plain.startsWith(MINUS) ? `${MINUS}$${plain.slice(1)}` : `$${plain}`;
}

/** Dollars a share: two decimals, four where two would hide some. */
export function price(value: Amount): string {
  return fixed(value, priceDecimals(value));
}

/** How many decimals a price needs: four below a dollar. */
export function priceDecimals(value: Amount): number {
  return Math.abs(Number(value ?? 0)) < 1 && Number(value ?? 0) !== 0 ? 4 : 2;
}

/** A whole number. */
export const count = (value: Amount): string => fixed(value, 0);

/** Shares, which may be fractions at a broker: as many decimals as there are, nine at most. */
export function shares(value: Amount): string {
  const [, decimals = ""] = String(Number(Number(value ?? NaN).toFixed(9))).split(".");
  return fixed(value, Math.min(9, decimals.length));
}

/** Per cent of a fraction: 0.0192 is "1.92 %"; `unit` false where the header has it. */
export function percent(
  fraction: number | null | undefined,
  { decimals = 2, signed = false, unit = true } = {},
): string {
  const hundred = fraction === null || fraction === undefined ? null : fraction * 100;
  const plain = fixed(hundred, decimals, signed);
  return unit && plain !== NONE ? `${plain}${THIN}%` : plain;
}

/** A score between -1 and 1, with its sign. */
export const score = (value: Amount): string => fixed(value, 2, true);

/** A share or strength between 0 and 1. */
export const share = (value: Amount, decimals = 2): string => fixed(value, decimals);

/** Gain, loss or zero of a number as it is shown: rounded first. */
export function signOf(value: Amount, decimals = 2): Sign {
  const shown = fixed(value, decimals, true);
  if (shown.startsWith("+")) return "gain";
  return shown.startsWith(MINUS) ? "loss" : "zero";
}

/** How long something took or has lasted, in its two largest units: "3 h 08 m". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  const pad = (part: number) => String(part).padStart(2, "0");
  if (days > 0) return `${days}${THIN}d${hours ? ` ${pad(hours)}${THIN}h` : ""}`;
  if (hours > 0) return `${hours}${THIN}h${minutes ? ` ${pad(minutes)}${THIN}m` : ""}`;
  if (minutes > 0) {
    return `${minutes}${THIN}m${minutes < 10 && whole % 60 ? ` ${pad(whole % 60)}${THIN}s` : ""}`;
  }
  return `${whole}${THIN}s`;
}

/** How long something took, where milliseconds count: "42 ms", "1.2 s". */
export function delay(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return NONE;
  if (milliseconds < 1_000) return `${fixed(milliseconds, 0)}${THIN}ms`;
  return `${fixed(milliseconds / 1_000, 1)}${THIN}s`;
}

export type Moment = string | number | null | undefined;

/** A moment of the API's (RFC 3339) or milliseconds, as milliseconds; null for none. */
export function millis(moment: Moment): number | null {
  if (moment === null || moment === undefined || moment === "") return null;
  const found = typeof moment === "number" ? moment : Date.parse(moment);
  return Number.isFinite(found) ? found : null;
}

type Style = "clock" | "seconds" | "day" | "date" | "month" | "full";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { day: "numeric", month: "short" },
  date: { day: "numeric", month: "short", year: "numeric" },
  month: { month: "short", year: "numeric" },
  full: {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  },
};
const times = new Map<Style, Intl.DateTimeFormat>();

function timeFormat(style: Style): Intl.DateTimeFormat {
  let found = times.get(style);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { ...STYLES[style], hourCycle: "h23" });
    times.set(style, found);
  }
  return found;
}

function timed(moment: Moment, style: Style): string {
  const found = millis(moment);
  return found === null ? NONE : timeFormat(style).format(found).replace(",", "");
}

/** "15:04", in the reader's zone, like all below. */
export const clock = (moment: Moment): string => timed(moment, "clock");
/** "15:04:00". */
export const seconds = (moment: Moment): string => timed(moment, "seconds");
/** "12 Mar". */
export const day = (moment: Moment): string => timed(moment, "day");
/** "12 Mar 2025". */
export const date = (moment: Moment): string => timed(moment, "date");
/** "12 Mar 2025 15:04:00 EDT": what hovering shows. */
export const full = (moment: Moment): string =>
  millis(moment) === null ? NONE : `${timed(moment, "full")} ${zone(moment)}`;

// A zone has a short name ("EDT", "BST") only in the English of a country that lies in it.
const ZONES = ["en-US", "en-GB", "en-AU"].map(
  (locale) => new Intl.DateTimeFormat(locale, { timeZoneName: "short" }),
);

/** The short name of the reader's zone at a moment: "EDT". */
export function zone(moment: Moment = Date.now()): string {
  const found = millis(moment) ?? Date.now();
  const names = ZONES.map(
    (style) => style.formatToParts(found).find(({ type }) => type === "timeZoneName")?.value ?? "",
  );
  return names.find((name) => !/^GMT[+-]/.test(name)) ?? names[0] ?? "";
}

/** A calendar day of the market ("2025-03-12"), which belongs to no zone: "12 Mar 2025". */
export function calendarDay(iso: string, year = true): string {
  const found = Date.parse(`${iso}T12:00:00Z`);
  if (!Number.isFinite(found)) return NONE;
  return new Intl.DateTimeFormat("en-GB", {
    ...STYLES[year ? "date" : "day"],
    timeZone: "UTC",
  }).format(found);
}

/** The same day in both zones, or not: whether a list must say the day, too. */
export function sameDay(one: Moment, other: Moment): boolean {
  return date(one) === date(other);
}

/** "momentum" and "mean_reversion" as people write them. */
export function words(code: string): string {
  const plain = code.replaceAll("_", " ").toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** "1 trade", "2 trades". */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
