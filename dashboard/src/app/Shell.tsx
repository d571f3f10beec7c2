/** The frame of every page: navigation, top bar, what floats. */

import { Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Link, Outlet, useLocation, useNavigationType } from "react-router";

import { useConnection, useOfflineSince, useRetry } from "../live/LiveProvider";
import { Button } from "../components/controls";
import { useNow } from "../components/useNow";
import { duration } from "../format/format";
import { useAnnounced } from "./announcements";
import { HaltDialog } from "./HaltDialog";
import { LeaveButton, Nav, ThemeButton } from "./Nav";
import { Palette } from "./Palette";
import { PAGES } from "./pages";
import { Shortcuts } from "./Shortcuts";
import { TopBar } from "./TopBar";
import { useKeys } from "./useKeys";

export type Floating = "halt" | "palette" | "shortcuts" | null;

export function Shell() {
  const [floating, float] = useState<Floating>(null);
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const close = useCallback(() => float(null), []);
  useKeys(floating, float);
  useAnnounced();
  useTitle(pathname);

  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    if (kind !== "POP") document.documentElement.scrollTop = 0; // back leads to where one was
    // Who uses a screen reader hears the new page; the first one begins at its top.
    main.current?.focus({ preventScroll: true });
  }, [pathname, kind]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="shell">
        <Nav onShortcuts={() => float("shortcuts")} />
        <TopBar onHalt={() => float("halt")} onPalette={() => float("palette")} />
        <main id="main" className="page" tabIndex={-1} ref={main}>
          <Offline />
          {/* as high as the window, so that the footer is never seen to move */}
          <div className="content">
            <Suspense fallback={<div aria-busy="true" />}>
              <Outlet />
            </Suspense>
          </div>
          <footer className="flex flex-wrap items-center gap-x-4 gap-y-2 pt-4 text-12 text-muted">
            <span>
              Charts by{" "}
              <a
                className="link"
                href="https://www.tradingview.com/"
                rel="noopener noreferrer"
                target="_blank"
              >
                TradingView Lightweight Charts
              </a>
            </span>
            <span className="phone flex items-center gap-2">
              <Link className="btn s ghost" to="/account">
                Account
              </Link>
              <ThemeButton />
              <LeaveButton />
            </span>
          </footer>
        </main>
      </div>
      {floating === "halt" ? <HaltDialog onClose={close} /> : null}
      {floating === "palette" ? <Palette onClose={close} onHalt={() => float("halt")} /> : null}
      {floating === "shortcuts" ? <Shortcuts onClose={close} /> : null}
    </>
  );
}

/** Said once the page has heard nothing for a while; the numbers below are old. */
function Offline() {
  const since = useOfflineSince();
  const connection = useConnection();
  const retry = useRetry();
  const now = useNow();
  if (since === null || connection.state !== "connecting") return null;
  return (
    <div role="alert" className="flex items-center gap-3 rounded-card bg-warn-bg px-4 py-2">
      <span className="dot warn" />
      <span>
        <b className="font-semibold">Nothing heard for {duration((now - since) / 1_000)}.</b> What
        is shown is from before; trading does not depend on this page.
      </span>
      <span className="spacer" />
      <Button size="s" onClick={retry}>
        Connect now
      </Button>
    </div>
  );
}

function useTitle(pathname: string): void {
  useEffect(() => {
    const page = PAGES.find(({ path }) => path === `/${pathname.split("/")[1]}`);
    const name = page?.name ?? pathname.split("/")[2] ?? "Tidewire";
    document.title = `${name} · Tidewire`;
  }, [pathname]);
}
