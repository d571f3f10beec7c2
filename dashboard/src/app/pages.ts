/** The pages: their path, their name, and the key after `g`. */

import type { IconName } from "../components/Icon";

export interface Page {
  path: string;
  name: string;
  icon: IconName;
  key: string;
}

export const PAGES: readonly Page[] = [
  { path: "/", name: "Portfolio", icon: "portfolio", key: "p" },
  { path: "/trades", name: "Trades", icon: "trades", key: "t" },
  { path: "/strategies", name: "Strategies", icon: "strategies", key: "s" },
  { path: "/news", name: "News", icon: "news", key: "n" },
  { path: "/backtests", name: "Backtests", icon: "backtests", key: "b" },
  { path: "/system", name: "System", icon: "system", key: "y" },
];
