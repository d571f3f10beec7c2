/** Whether the page is a phone's: for what CSS cannot size, a chart. */

import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 767px)";

function subscribe(listener: () => void): () => void {
  const asked = globalThis.matchMedia?.(NARROW);
  asked?.addEventListener("change", listener);
  return () => asked?.removeEventListener("change", listener);
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => globalThis.matchMedia?.(NARROW).matches ?? false);
}
