/** Keys of every page: Ctrl/Cmd-K, ?, and g with a page's letter. */

import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";

import { PAGES } from "./pages";
import type { Floating } from "./Shell";

const TOGETHER_MS = 1_000;

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, select, textarea") !== null;
}

export function useKeys(floating: Floating, float: (what: Floating) => void): void {
  const go = useNavigate();
  const gAt = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        float(floating === "palette" ? null : "palette");
        return;
      }
      if (floating || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey)
        return;
      if (event.key === "?") float("shortcuts");
      else if (event.key === "g") gAt.current = event.timeStamp;
      else if (event.timeStamp - gAt.current < TOGETHER_MS) {
        gAt.current = 0;
        const page = PAGES.find(({ key }) => key === event.key);
        if (page) void go(page.path);
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [floating, float, go]);
}
