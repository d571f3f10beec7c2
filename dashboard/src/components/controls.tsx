/** Buttons and fields. */

import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode } from "react";
import { useId } from "react";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "default" | "primary" | "ghost" | "danger" | "danger solid";
  size?: "s" | "m" | "l";
  /** What it says while what it asked for has not happened yet. */
  pending?: string | false;
}

export function Button({
  kind = "default",
  size = "m",
  pending = false,
  className = "",
  children,
  disabled,
  ...rest
}: ButtonProps) {
  const names = ["btn", kind === "default" ? "" : kind, size === "m" ? "" : size, className];
  return (
    <button
      type="button"
      className={names.filter(Boolean).join(" ")}
      disabled={disabled || pending !== false}
      {...rest}
    >
      {pending === false ? (
        children
      ) : (
        <>
          <span className="spin" aria-hidden="true" />
          {pending}
        </>
      )}
    </button>
  );
}

/** A choice of one among few, always all in sight. */
export function Segments<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly { value: T; label: ReactNode }[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <div className="seg" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

/** A field with its label, hint and error tied to it. */
export function Field({ label, hint, error, className = "", ...rest }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={`input ${className}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? note : undefined}
        {...rest}
      />
      {error ? (
        <span id={note} className="hint err">
          {error}
        </span>
      ) : hint ? (
        <span id={note} className="hint">
          {hint}
        </span>
      ) : null}
    </div>
  );
}

/** On or off; it shows what is, not what was asked. */
export function Switch({
  label,
  on,
  disabled,
  onChange,
  title,
}: {
  label: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
  title?: string;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      className="switch"
      disabled={disabled}
      title={title}
      onClick={() => onChange(!on)}
    />
  );
}

/** A value against its limit, both between 0 and 1. */
export function Meter({
  value,
  label,
  mark,
  tone = "",
  thick = false,
}: {
  value: number;
  label: string;
  mark?: number;
  tone?: "" | "accent" | "bad";
  thick?: boolean;
}) {
  const part = Math.max(0, Math.min(1, value));
  return (
    <span
      className={["meter", tone, thick ? "thick" : ""].filter(Boolean).join(" ")}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 1000) / 10}
    >
      <i style={{ width: `${part * 100}%` }} />
      {mark === undefined ? null : <span className="mark" style={{ left: `${mark * 100}%` }} />}
    </span>
  );
}
