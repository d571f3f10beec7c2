/** The filters of the trades; each stands in the address. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { strategiesQuery } from "../../api/queries";
import { Button, Segments } from "../../components/controls";
import { Icon } from "../../components/Icon";
import * as format from "../../format/format";
import { DENIALS, nameOf } from "./checks";
import { ENDS, type Filters, type Name, type Show, isNarrowed, isTicker } from "./filters";

const SHOWS = [
  { value: "all", label: "All" },
  { value: "filled", label: "Filled" },
  { value: "denied", label: "Denied" },
] as const;

type Change = (changes: Partial<Record<Name | "show", string>>, replace?: boolean) => void;

export function FilterBar({
  filters,
  change,
  clear,
}: {
  filters: Filters;
  change: Change;
  clear: () => void;
}) {
  const strategies = useQuery(strategiesQuery()).data ?? [];
  const known = strategies.map(({ id }) => id);
  const { show, strategy, code } = filters;
  return (
    <div className="filters" role="search" aria-label="Filter trades">
      <Segments<Show>
        label="Kind"
        options={SHOWS}
        value={show}
        onChange={(value) => change({ show: value })}
      />
      <TickerField ticker={filters.ticker} change={change} />
      <DayField label="From" value={filters.from} most={filters.to} onChange={change} name="from" />
      <DayField label="To" value={filters.to} least={filters.from} onChange={change} name="to" />
      <Choice
        label="Strategy"
        any="Any strategy"
        value={strategy}
        options={(strategy && !known.includes(strategy) ? [...known, strategy] : known).map(
          (id) => [id, format.words(id)] as const,
        )}
        onChange={(value) => change({ strategy: value })}
      />
      {show === "denied" ? (
        <Choice
          label="Denied by"
          any="Any check"
          value={code}
          options={(code && !DENIALS.includes(code) ? [...DENIALS, code] : DENIALS).map(
            (each) => [each, nameOf(each) === "Trading state" ? each : nameOf(each)] as const,
          )}
          onChange={(value) => change({ code: value })}
        />
      ) : null}
      {show === "filled" ? (
        <>
          <Choice
            label="Status"
            any="Any status"
            value={filters.status}
            options={ENDS.map((each) => [each, format.words(each)] as const)}
            onChange={(value) => change({ status: value })}
          />
          <Choice
            label="Profit or loss"
            any="Any P&L"
            value={filters.profitable}
            options={[
              ["true", "With a gain"],
              ["false", "Without a gain"],
            ]}
            onChange={(value) => change({ profitable: value })}
          />
        </>
      ) : null}
      {isNarrowed(filters) ? (
        <Button kind="ghost" size="s" onClick={clear}>
          <Icon name="cross" size={12} />
          Clear
        </Button>
      ) : null}
    </div>
  );
}

const TYPED_MS = 300;

/** A ticker, asked for once the typing rests. */
function TickerField({ ticker, change }: { ticker: string; change: Change }) {
  const [text, setText] = useState(ticker);
  const [seen, see] = useState(ticker);
  if (seen !== ticker) {
    see(ticker);
    setText(ticker);
  }
  useEffect(() => {
    if (text === ticker || !isTicker(text)) return;
    const timer = setTimeout(() => change({ ticker: text }, true), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text, ticker, change]);
  const wrong = !isTicker(text);
  return (
    <label className={ticker ? "chip on" : "chip"}>
      <span>Ticker</span>
      <input
        className="chip-input ticker-input"
        value={text}
        onChange={(event) => setText(event.target.value.toUpperCase().trim())}
        placeholder="any"
        maxLength={12}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={wrong || undefined}
        title={wrong ? "Letters, digits, dot, slash and dash" : undefined}
      />
    </label>
  );
}

function DayField({
  label,
  name,
  value,
  least,
  most,
  onChange,
}: {
  label: string;
  name: "from" | "to";
  value: string;
  least?: string;
  most?: string;
  onChange: Change;
}) {
  return (
    <label className={value ? "chip on" : "chip"}>
      <span>{label}</span>
      <input
        className="chip-input"
        type="date"
        value={value}
        min={least || undefined}
        max={most || undefined}
        onChange={(event) => onChange({ [name]: event.target.value }, true)}
      />
    </label>
  );
}

function Choice({
  label,
  any,
  value,
  options,
  onChange,
}: {
  label: string;
  any: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}) {
  return (
    <select
      className={value ? "chip on" : "chip"}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{any}</option>
      {options.map(([each, said]) => (
        <option key={each} value={each}>
          {said}
        </option>
      ))}
    </select>
  );
}
