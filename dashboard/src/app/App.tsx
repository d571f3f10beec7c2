/** Pages by their paths; what needs a sign-in waits for it. */

import { Suspense, lazy } from "react";
import { RouterProvider, createBrowserRouter } from "react-router";

import { Gate } from "./Gate";
import { NotFound, Broken } from "./NotFound";
import { Shell } from "./Shell";

const Portfolio = lazy(() => import("../pages/portfolio/Portfolio"));
const Trades = lazy(() => import("../pages/trades/Trades"));
const Strategies = lazy(() => import("../pages/strategies/Strategies"));
const News = lazy(() => import("../pages/news/News"));
const Backtests = lazy(() => import("../pages/backtests/Backtests"));
const BacktestRun = lazy(() => import("../pages/backtests/BacktestRun"));
const System = lazy(() => import("../pages/system/System"));
const TickerPage = lazy(() => import("../pages/ticker/TickerPage"));
const Account = lazy(() => import("../pages/account/Account"));

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
