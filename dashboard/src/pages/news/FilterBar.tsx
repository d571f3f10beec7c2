/** The filters of the feed; each is in the URL. */

import { Button, Segments } from "../../components/controls";
import type { Article } from "./figures";
import { type Filters, anyOf } from "./filters";

const TONES = [
  { value: "all", label: "All" },
  { value: "positive", label: "Positive" },
  { value: "neutral", label: "Neutral" },
  { value: "negative", label: "Negative" },
] as const;

export interface Filtering {
  filters: Filters;
  filter: (to: Partial<Filters>) => void;
}

interface FilterBarProps extends Filtering {
  articles: readonly Article[];
}

export function FilterBar({ articles, filters, filter }: FilterBarProps) {
  const tickers = articles.flatMap(({ scores }) => scores.map(({ ticker }) => ticker));
  return (
    <div role="search" aria-label="Filter news" className="flex flex-wrap items-center gap-2">
      <Segments
        label="Sentiment"
        options={TONES}
        value={filters.tone}
        onChange={(tone) => filter({ tone })}
      />
      <Choice
        label="Ticker"
        every="All tickers"
        values={tickers}
        value={filters.ticker}
        onChange={(ticker) => filter({ ticker })}
      />
      <Choice
        label="Source"
        every="All sources"
        values={articles.map(({ source }) => source)}
        value={filters.source}
        onChange={(source) => filter({ source })}
      />
      {anyOf(filters) ? (
        <Button
          kind="ghost"
          size="s"
          onClick={() => filter({ ticker: "", source: "", tone: "all" })}
        >
          Clear filters
        </Button>
      ) : null}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  every: string;
  values: readonly string[];
  value: string;
  onChange: (value: string) => void;
}

function Choice({ label, every, values, value, onChange }: ChoiceProps) {
  const all = new Set(values);
  if (value) all.add(value); // chosen, though it is not in the newest articles
  const sorted = [...all].sort((one, other) => one.localeCompare(other));
  return (
    <select
      aria-label={label}
      className={`chip max-w-[160px] max-md:h-9 ${value ? "on" : ""}`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{every}</option>
      {sorted.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
