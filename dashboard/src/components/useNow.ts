import { useEffect, useState } from "react";

type Listener = (now: number) => void;

const listeners = new Set<Listener>();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    const now = Date.now();
    for (const each of listeners) each(now);
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** The wall clock in milliseconds, once a second; one timer serves the page. */
export function useNow(): number {
  // A clock is no store: asked twice in one drawing, it says two things.
  const [now, tell] = useState(Date.now);
  useEffect(() => subscribe(tell), []);
  return now;
}
