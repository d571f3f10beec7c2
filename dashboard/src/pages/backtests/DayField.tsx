/** A day of the archive: a list of them, or a calendar where they are many. */

import { Field } from "../../components/controls";
import { SelectField } from "../../components/SelectField";
import * as format from "../../format/format";

const MOST_LISTED = 66;

interface DayFieldProps {
  label: string;
  days: readonly string[];
  value: string;
  onChange: (day: string) => void;
  error?: string | undefined;
  hint?: string;
}

export function DayField({ label, days, value, onChange, error, hint }: DayFieldProps) {
  if (days.length > MOST_LISTED) {
    return (
      <Field
        label={label}
        type="date"
        min={days[0]}
        max={days.at(-1)}
        value={value}
        error={error}
        hint={hint}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <SelectField
      label={label}
      value={value}
      error={error}
      hint={hint}
      onChange={(event) => onChange(event.target.value)}
    >
      {days.includes(value) ? null : (
        <option value={value}>{value ? `${format.calendarDay(value)}: not archived` : ""}</option>
      )}
      {days.map((day) => (
        <option key={day} value={day}>
          {format.calendarDay(day)}
        </option>
      ))}
    </SelectField>
  );
}
