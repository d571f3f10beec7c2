/** A table that may be wider than its place: it scrolls there, by keyboard too, and has a name. */

import type { ReactNode } from "react";

export function Scroll({
  name,
  className = "",
  children,
}: {
  /** Of the table, as a screen reader says it: "Table of trades". */
  name: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <div className={`scroll ${className}`.trim()} tabIndex={0} role="region" aria-label={name}>
      {children}
    </div>
  );
}
