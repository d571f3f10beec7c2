/** Theme and palette: kept in the browser, applied to the document, known to the charts. */

import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light";
export type Palette = "usual" | "distinct";

const listeners = new Set<() => void>();
let shown = read();

function read(): { theme: Theme; palette: Palette } {
  const { theme, palette } = document.documentElement.dataset;
  return {
    theme: theme === "light" ? "light" : "dark",
    palette: palette === "distinct" ? "distinct" : "usual",
  };
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`tidewire.${name}`, value);
  } catch {
    // storage is off: it holds until the page is left
  }
}

function changed(): void {
  shown = read();
  for (const listener of listeners) listener();
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  keep("theme", theme);
  changed();
}

/** `distinct` says gain and loss in blue and orange. */
export function setPalette(palette: Palette): void {
  if (palette === "distinct") document.documentElement.dataset["palette"] = palette;
  else delete document.documentElement.dataset["palette"];
  keep("palette", palette);
  changed();
}

export function useTheme(): { theme: Theme; palette: Palette } {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}
