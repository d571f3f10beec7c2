/** A choice with its label, hint and error tied to it. */

import { type ReactNode, type SelectHTMLAttributes, useId } from "react";

interface SelectFieldProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
}

export function SelectField({ label, hint, error, children, ...rest }: SelectFieldProps) {
  const id = useId();
  const note = `${id}-note`;
  const said = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        aria-invalid={error ? true : undefined}
        aria-describedby={said ? note : undefined}
        {...rest}
      >
        {children}
      </select>
      {said ? (
        <span id={note} className={error ? "hint err" : "hint"}>
          {said}
        </span>
      ) : null}
    </div>
  );
}
