/** Pages by their paths; what needs a sign-in waits for it. */

import { Suspense } from "react";
import { RouterProvider, createBrowserRouter } from "react-router";

import { Gate } from "./Gate";
import { NotFound, Broken } from "./NotFound";
import { Shell } from "./Shell";
import { lazily } from "./lazily";

const Portfolio = lazily(
  () => import("../pages/portfolio/Portfolio"),
  (it) => it.default,
);
const Trades = lazily(
  () => import("../pages/trades/Trades"),
  (it) => it.default,
);
const Strategies = lazily(
  () => import("../pages/strategies/Strategies"),
  (it) => it.default,
);
const News = lazily(
  () => import("../pages/news/News"),
  (it) => it.default,
);
const Backtests = lazily(
  () => import("../pages/backtests/Backtests"),
  (it) => it.default,
);
const BacktestRun = lazily(
  () => import("../pages/backtests/BacktestRun"),
  (it) => it.default,
);
const System = lazily(
  () => import("../pages/system/System"),
  (it) => it.default,
);
const TickerPage = lazily(
  () => import("../pages/ticker/TickerPage"),
  (it) => it.default,
);
const Account = lazily(
  () => import("../pages/account/Account"),
  (it) => it.default,
);

const router = createBrowserRouter([
  {
    path: "/",
    element: (
      <Gate>
        <Shell />
      </Gate>
    ),
    errorElement: <Broken />,
    children: [
      {
        errorElement: <Broken />, // in the frame: the way to halt stays
        children: [
          { index: true, element: <Portfolio /> },
          { path: "trades", element: <Trades /> },
          { path: "strategies", element: <Strategies /> },
          { path: "news", element: <News /> },
          { path: "backtests", element: <Backtests /> },
          { path: "backtests/:runId", element: <BacktestRun /> },
          { path: "system", element: <System /> },
          { path: "tickers/:ticker", element: <TickerPage /> },
          { path: "account", element: <Account /> },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);

export function App() {
  return (
    <Suspense>
      <RouterProvider router={router} />
    </Suspense>
  );
}
