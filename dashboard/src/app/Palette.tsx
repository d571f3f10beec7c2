/** The palette: pages, tickers and commands by a few letters. */

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { useNavigate } from "react-router";

import { positionsQuery } from "../api/queries";
import { Modal } from "../components/Dialog";
import { Icon, type IconName } from "../components/Icon";
import { useRole } from "./clock";
import { PAGES } from "./pages";
import { setTheme, useTheme } from "./theme";

interface Option {
  name: string;
  icon: IconName;
  hint?: string;
  act: () => void;
}

const TICKER = /^[a-z][a-z0-9.-]{0,9}$/i;
const MOST = 12;

export function Palette({ onClose, onHalt }: { onClose: () => void; onHalt: () => void }) {
  const [asked, ask] = useState("");
  const [chosen, choose] = useState(0);
  const options = useOptions(asked.trim(), onHalt);
  const id = useId();
  const current = Math.min(chosen, options.length - 1);

  const take = (option: Option | undefined) => {
    if (!option) return;
    onClose();
    option.act();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose((current + step + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(options[current]);
    }
  };
  return (
    <Modal onClose={onClose} label="Search and commands">
      <div className="dialog">
        <div className="flex h-12 items-center gap-3 border-b border-line px-4 text-14">
          <span className="text-muted">
            <Icon name="search" />
          </span>
          <input
            autoFocus
            className="min-w-0 flex-1 bg-transparent outline-none placeholder:text-muted"
            placeholder="A page, a ticker, a command"
            aria-label="A page, a ticker, a command"
            role="combobox"
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={options.length ? `${id}-${current}` : undefined}
            value={asked}
            onChange={(event) => {
              ask(event.target.value);
              choose(0);
            }}
            onKeyDown={press}
          />
          <kbd>Esc</kbd>
        </div>
        <div id={id} role="listbox" aria-label="Results" className="max-h-96 overflow-y-auto py-2">
          {options.map((option, index) => (
            <div
              key={option.name}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
              className="option cursor-pointer"
              onMouseMove={() => choose(index)}
              onClick={() => take(option)}
            >
              <span className="text-muted">
                <Icon name={option.icon} />
              </span>
              {option.name}
              <span className="ml-auto text-12 text-muted">{option.hint}</span>
            </div>
          ))}
          {options.length === 0 ? (
            <p className="px-4 py-2 text-muted">Nothing of that name.</p>
          ) : null}
        </div>
      </div>
    </Modal>
  );
}

function useOptions(asked: string, onHalt: () => void): Option[] {
  const go = useNavigate();
  const { theme } = useTheme();
  const { trader } = useRole();
  const positions = useQuery(positionsQuery()).data;
  return useMemo(() => {
    const other = theme === "dark" ? "light" : "dark";
    const all: Option[] = [
      ...PAGES.map(({ path, name, icon, key }) => ({
        name,
        icon,
        hint: `g ${key}`,
        act: () => void go(path),
      })),
      ...(positions ?? []).map(({ ticker }) => ({
        name: ticker,
        icon: "portfolio" as const,
        hint: "held",
        act: () => void go(`/tickers/${ticker}`),
      })),
      { name: `Theme: ${other}`, icon: "sun", act: () => setTheme(other) },
      { name: "Account and sign-ins", icon: "key", act: () => void go("/account") },
    ];
    if (trader) all.push({ name: "Halt, pause, reduce or flatten", icon: "halt", act: onHalt });
    const found = all.filter(({ name }) => name.toLowerCase().includes(asked.toLowerCase()));
    const ticker = asked.toUpperCase();
    if (TICKER.test(asked) && !found.some(({ name }) => name === ticker)) {
      found.push({
        name: ticker,
        icon: "search",
        hint: "open the ticker",
        act: () => void go(`/tickers/${ticker}`),
      });
    }
    return found.slice(0, MOST);
  }, [asked, go, theme, trader, positions, onHalt]);
}
