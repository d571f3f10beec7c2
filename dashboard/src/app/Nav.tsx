import { useQuery } from "@tanstack/react-query";
import { Link, NavLink } from "react-router";

import { session } from "../api/client";
import { meQuery } from "../api/queries";
import { Button } from "../components/controls";
import { Icon, Mark } from "../components/Icon";
import { PAGES } from "./pages";
import { useSay } from "./toasts";
import { setPalette, setTheme, useTheme } from "./theme";

export function Nav({ onShortcuts }: { onShortcuts: () => void }) {
  const me = useQuery(meQuery()).data;
  const { palette } = useTheme();
  const distinct = palette === "distinct";
  return (
    <nav className="nav" aria-label="Pages">
      <Link className="brand" to="/">
        <Mark />
        Tidewire
      </Link>
      <ul>
        {PAGES.map(({ path, name, icon, key }) => (
          <li key={path}>
            <NavLink to={path} end={path === "/"}>
              <Icon name={icon} />
              <span>{name}</span>
              <kbd aria-hidden="true">g {key}</kbd>
            </NavLink>
          </li>
        ))}
      </ul>
      <div className="foot">
        <ThemeButton />
        <Button
          kind="ghost"
          size="s"
          className="!justify-start"
          aria-pressed={distinct}
          title="Gain and loss in blue and orange instead of green and red"
          onClick={() => setPalette(distinct ? "usual" : "distinct")}
        >
          <Icon name="eye" />
          Distinct colours
        </Button>
        <Button kind="ghost" size="s" className="!justify-start" onClick={onShortcuts}>
          <kbd>?</kbd>
          Shortcuts
        </Button>
        <Link
          to="/account"
          className="flex min-h-8 items-center gap-2 px-2 text-12 text-muted hover:text-ink"
        >
          <span className="avatar" aria-hidden="true">
            {(me?.name ?? "·").charAt(0).toUpperCase()}
          </span>
          <span className="truncate">{me?.live === false ? "Demo" : (me?.name ?? "")}</span>
          <span className="sr">: account and sign-ins</span>
        </Link>
        <LeaveButton />
      </div>
    </nav>
  );
}

export function ThemeButton() {
  const { theme } = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <Button kind="ghost" size="s" className="!justify-start" onClick={() => setTheme(other)}>
      <Icon name="sun" />
      Theme: {theme}
    </Button>
  );
}

export function LeaveButton() {
  const say = useSay();
  const leave = () =>
    session.leave().catch(() =>
      say({
        icon: "warn",
        title: "You are still signed in",
        detail: "The API did not answer: sign out again when it does.",
      }),
    );
  return (
    <Button kind="ghost" size="s" className="!justify-start" onClick={() => void leave()}>
      <Icon name="leave" />
      Sign out
    </Button>
  );
}
