/** The order of the positions, in the URL: `?sort=value` or, the largest first, `?sort=-value`. */

import { useSearchParams } from "react-router";

import type { Schemas } from "../../api/client";

type Position = Schemas["Position"];

/** What each column sorts by; null is last, whichever way. */
export const KEYS = {
  ticker: ({ ticker }: Position) => ticker,
  qty: ({ qty }: Position) => qty,
  entry: ({ avg_entry }: Position) => Number(avg_entry),
  last: ({ price }: Position) => (price === null ? null : Number(price)),
  value: ({ value }: Position) => Number(value),
  pnl: ({ unrealized_pnl }: Position) => Number(unrealized_pnl),
  pct: ({ unrealized_pct }: Position) => unrealized_pct,
  room: (position: Position) => toStop(position),
  age: ({ opened_at }: Position) => (opened_at ? -Date.parse(opened_at) : null),
} as const;

export type Column = keyof typeof KEYS;
export interface Order {
  column: Column;
  down: boolean;
}

/** How far the last price is from the stop, a fraction of the price; null without a stop. */
export function toStop({ qty, price, stop_loss }: Position): number | null {
  if (price === null || stop_loss === null || Number(price) === 0) return null;
  const room = (Number(price) - Number(stop_loss)) / Number(price);
  return qty < 0 ? -room : room;
}

export function sorted(positions: readonly Position[], { column, down }: Order): Position[] {
  const key = KEYS[column];
  return [...positions].sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const way = a < b ? -1 : a > b ? 1 : one.ticker < other.ticker ? -1 : 1;
    return down && a !== b ? -way : way;
  });
}

export function useOrder(): [Order, (column: Column) => void] {
  const [asked, ask] = useSearchParams();
  const text = asked.get("sort") ?? "-value";
  const name = text.replace(/^-/, "");
  const order: Order =
    name in KEYS
      ? { column: name as Column, down: text.startsWith("-") }
      : { column: "value", down: true };
  // A second click turns the order round; numbers begin with the largest, names with A.
  const by = (column: Column) => {
    const down = order.column === column ? !order.down : column !== "ticker";
    ask(
      (old) => {
        old.set("sort", `${down ? "-" : ""}${column}`);
        return old;
      },
      { replace: true },
    );
  };
  return [order, by];
}
