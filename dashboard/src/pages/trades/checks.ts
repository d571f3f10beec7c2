/** Every check and denial code in words, with its numbers and what would have let it through. */

import type { Schemas } from "../../api/client";
import * as format from "../../format/format";

export type Check = Schemas["CheckAnswer"];
type Decision = Pick<Schemas["Decided"], "ticker" | "side" | "at">;

/** A check that denied, with its numbers as people read them. */
interface Case {
  ticker: string;
  at: string;
  measured: string;
  limit: string;
  /** What was missing, or too much, with its unit; a dash where it cannot be counted. */
  gap: string;
  /** When it would have passed, milliseconds; for what only needs time. */
  from: number | null;
  unknown: boolean;
}

interface Words {
  name: string;
  says: string;
  why: (of: Case) => string;
  then: (of: Case) => string;
}

const STATE: Words = {
  name: "Trading state",
  says: "Trading was not active: entries are made in the state Active only.",
  why: ({ measured, ticker }) =>
    `Trading was ${measured.toLowerCase()}: no order in ${ticker} on a signal.`,
  then: () => "The same signal with trading in the state Active.",
};

const BROKER: Words = {
  name: "Broker",
  says: "The broker was not ready: entries wait until what it holds is accounted for.",
  why: ({ measured, ticker }) =>
    `The broker was ${measured.toLowerCase()}: no entry in ${ticker} was sent.`,
  then: () => "The same signal with the broker ready.",
};

const CHECKS: Record<string, Words> = {
  MARKET_CLOSED: {
    name: "Market hours",
    says: "The market was closed: orders are made in regular sessions only.",
    why: () => "The market was closed. Orders are made in regular sessions only.",
    then: () => "The same signal in a regular session, before its close.",
  },
  TRADING_STATE: STATE,
  BROKER,
  STALE_PRICE: {
    name: "Price age",
    says: "The last price was too old, or not known.",
    why: ({ ticker, measured, limit, unknown }) =>
      unknown
        ? `No price of ${ticker} was known.`
        : `The last price of ${ticker} was ${measured} old. At most ${limit} is allowed.`,
    then: ({ limit }) => `A price no older than ${limit}.`,
  },
  STALE_SENTIMENT: {
    name: "Sentiment age",
    says: "News voted, but its newest article was too old, or not known.",
    why: ({ measured, limit, unknown }) =>
      unknown
        ? "News voted, but no article of its window was known."
        : `The newest article was ${measured} old. At most ${limit} is allowed.`,
    then: ({ limit }) => `News no older than ${limit}, or a vote without news.`,
  },
  ALREADY_HELD: {
    name: "Already held",
    says: "The ticker was held already, or an entry in it was open: one position a ticker.",
    why: ({ ticker, measured }) =>
      measured === "entry open"
        ? `An entry in ${ticker} was open already.`
        : `${measured} of ${ticker} were held already. There is one position a ticker.`,
    then: ({ ticker }) => `The same signal without a position or an open entry in ${ticker}.`,
  },
  COOLDOWN: {
    name: "Cooldown since exit",
    says: "Too soon after the ticker's last exit.",
    why: ({ ticker, measured, limit }) =>
      `The last exit from ${ticker} was ${measured} before. No entry for ${limit} after an exit.`,
    then: ({ gap, from }) => `The same signal ${gap} later, from ${format.seconds(from)} on.`,
  },
  MAX_POSITIONS: {
    name: "Open positions",
    says: "As many positions and open entries as are allowed.",
    why: ({ measured, limit }) =>
      `${measured} positions were open. An entry needs fewer than ${limit}.`,
    then: ({ limit }) => `Fewer than ${limit} positions and open entries.`,
  },
  BELOW_ONE_SHARE: {
    name: "Order size",
    says: "The size allowed bought less than one share.",
    why: ({ ticker }) => `One share of ${ticker} costs more than a position may.`,
    then: () => "A lower price, or more equity: enough for one share.",
  },
  MAX_FEES: {
    name: "Fees both ways",
    says: "The fees of entry and exit were too large a part of the position.",
    why: ({ measured, limit }) =>
      `Fees of ${measured} for entry and exit. At most ${limit} is allowed for this size.`,
    then: ({ gap }) => `Fees ${gap} lower, or a larger position.`,
  },
  MAX_POSITION_PCT: {
    name: "Position value",
    says: "The position, costs included, was too large a part of equity.",
    why: ({ measured, limit }) =>
      `The position would have cost ${measured}. At most ${limit} is allowed at this equity.`,
    then: ({ gap }) => `A position ${gap} smaller.`,
  },
  MAX_EXPOSURE: {
    name: "Exposure after",
    says: "All positions together would have been too large a part of equity.",
    why: ({ measured, limit }) =>
      `All positions would have come to ${measured}. At most ${limit} is allowed at this equity.`,
    then: ({ gap }) => `${gap} less in other positions.`,
  },
  BUYING_POWER: {
    name: "Buying power",
    says: "Free cash could not pay it, costs included.",
    why: ({ measured, limit }) => `It would have cost ${measured}. ${limit} were free.`,
    then: ({ gap }) => `${gap} more in free cash.`,
  },
  MAX_PARTICIPATION: {
    name: "Share of volume",
    says: "Too large a part of the ticker's volume, or its volume was not known.",
    why: ({ ticker, measured, limit, unknown }) =>
      unknown
        ? `The volume of ${ticker} was not known.`
        : `The order was for ${measured}. The volume of ${ticker} allowed ${limit}.`,
    then: ({ gap, unknown }) =>
      unknown ? "A bar with its volume." : `An order ${gap} smaller, or more volume.`,
  },
  NO_POSITION: {
    name: "Position to close",
    says: "There was no position to close, or all of it was being sold.",
    why: ({ ticker }) => `There were no shares of ${ticker} left to sell.`,
    then: ({ ticker }) => `A position in ${ticker} that is not being sold already.`,
  },
};

/** Codes of a denial by the trading state. */
const BY_STATE: Record<string, string> = {
  TRADING_PAUSED: "Trading was paused: no new entries.",
  REDUCE_ONLY: "Trading was reducing: exits only.",
  HALTED: "Trading was halted: nothing is traded on a signal.",
};

/** Codes of a denial by the broker's readiness. */
const BY_BROKER: Record<string, string> = {
  NOT_RECONCILED: "What the broker held was not accounted for: entries wait.",
  STREAM_DOWN: "Nothing was heard of orders at the broker: entries wait.",
  TICKER_HALTED: "The exchange had halted the ticker: entries wait.",
};

/** All codes that a denial may have, for the filter. */
export const DENIALS: readonly string[] = [
  ...Object.keys(CHECKS).filter((code) => code !== "TRADING_STATE" && code !== "BROKER"),
  ...Object.keys(BY_STATE),
  ...Object.keys(BY_BROKER),
];

const wordsOf = (code: string): Words | undefined =>
  BY_STATE[code] ? STATE : BY_BROKER[code] ? BROKER : CHECKS[code];

/** Whether a code has words of its own, or only itself spelled out. */
export const isKnown = (code: string): boolean => wordsOf(code) !== undefined;

/** What a check looks at: "Cooldown since exit". */
export const nameOf = (code: string): string => wordsOf(code)?.name ?? format.words(code);

/** Why a code denies, in general. */
export const saidOf = (code: string): string =>
  BY_STATE[code] ?? BY_BROKER[code] ?? CHECKS[code]?.says ?? `${format.words(code)}.`;

const MINUTES_FROM_S = 600;
const SYMBOLS: Record<string, string> = { "<=": "≤", ">=": "≥", "<": "<", "=": "" };
const TEXTS: Record<string, string> = { "an open entry": "entry open", unknown: "unknown" };

function text(value: string, { code, unit }: Check): string {
  if (value === "none") return code === "COOLDOWN" ? "no exit yet" : "no vote";
  return TEXTS[value] ?? (unit === "state" || unit === "session" ? format.words(value) : value);
}

function amount(value: string | number, check: Check): string {
  if (value === "" || !Number.isFinite(Number(value))) return text(String(value), check);
  const { unit, limit, measured } = check;
  if (unit === "dollars") {
    const close = Math.abs(Number(limit) - Number(measured)) < 1 || Math.abs(Number(value)) < 100;
    return format.dollars(value, close ? 2 : 0);
  }
  if (unit === "shares") return `${format.count(value)}\u00a0sh`;
  if (unit === "seconds" && Number(limit) >= MINUTES_FROM_S) {
    // A limit is whole minutes; an age has a decimal.
    const whole = value === limit && Number(value) % 60 === 0;
    return `${format.fixed(Number(value) / 60, whole ? 0 : 1)}\u00a0min`;
  }
  if (unit === "seconds") return `${format.fixed(value, Number(value) % 1 ? 1 : 0)}\u00a0s`;
  return format.count(value);
}

/** What was measured, with its unit. */
export const measuredOf = (check: Check): string => amount(check.measured, check);

/** What is allowed: comparison, limit and unit. */
export const allowedOf = (check: Check): string =>
  `${SYMBOLS[check.comparison] ?? check.comparison} ${amount(check.limit, check)}`.trim();

/** A number of the API's text with its thousands apart: "1438 shares", "50684.12". */
export const toldOf = (text: string): string =>
  text.replace(/^\d+(\.\d+)?/, (digits, rest?: string) =>
    format.fixed(digits, rest ? rest.length - 1 : 0),
  );

/** How much of an upper limit was used, 0 to 1 and beyond; null where there is none. */
export function usedOf({ comparison, limit, measured }: Check): number | null {
  if (comparison !== "<=" && comparison !== "<") return null;
  const [of, used] = [Number(limit), Number(measured)];
  return Number.isFinite(of) && Number.isFinite(used) && of > 0 ? used / of : null;
}

function caseOf(check: Check, { ticker, at }: Decision): Case {
  const gap = Math.abs(Number(check.limit) - Number(check.measured));
  const seconds = check.unit === "seconds" && Number.isFinite(gap) ? gap : null;
  return {
    ticker,
    at,
    measured: measuredOf(check).replace("\u00a0sh", " shares"),
    limit: amount(check.limit, check).replace("\u00a0sh", " shares"),
    gap: (Number.isFinite(gap) ? amount(gap, check) : format.NONE).replace("\u00a0sh", " shares"),
    from: seconds === null ? null : (format.millis(at) ?? 0) + seconds * 1_000,
    unknown: check.measured === "unknown",
  };
}

/** Why this check denied this decision, with its numbers. */
export function whyOf(check: Check, decision: Decision): string {
  const words = wordsOf(check.code);
  if (words) return words.why(caseOf(check, decision));
  return `${nameOf(check.code)}: ${measuredOf(check)}, allowed ${allowedOf(check)}.`;
}

/** What would have let the decision through this check. */
export function thenOf(check: Check, decision: Decision): string {
  const words = wordsOf(check.code);
  return words
    ? words.then(caseOf(check, decision))
    : `${nameOf(check.code)}: ${allowedOf(check)}.`;
}

/** What decided where no signal did. */
export const CAUSES: Record<string, string> = {
  signal: "Signal",
  stop: "Stop",
  take_profit: "Target",
  delisted: "Delisting",
  command: "Command",
  reconcile: "Reconciling",
};

/** What bound a weight's change. */
export const GUARDRAILS: Record<string, string> = {
  min_trades: "too few trades: the weight stands still",
  disabled: "switched off: the weight stands still",
  max_shift: "no weight moves further in one cycle",
  floor: "no weight falls lower",
  sum: "the others could not give or take as much",
};
