/** A ticker: its price with what was done and known, then why. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";

import { useRunNow } from "../../app/clock";
import { signalsQuery } from "../../api/queries";
import { EmptyState } from "../../components/Panel";
import { useAccount } from "../portfolio/period";
import { Decisions } from "./Decisions";
import { Fills } from "./Fills";
import { Headlines } from "./Headlines";
import { Held } from "./Held";
import { PricePanel } from "./PricePanel";
import { TickerHead } from "./TickerHead";
import { useBars, useNews, useTickerRange } from "./asked";

export default function TickerPage() {
  const ticker = (useParams()["ticker"] ?? "").toUpperCase();
  return <Page key={ticker} ticker={ticker} />;
}

function Page({ ticker }: { ticker: string }) {
  const [range, setRange] = useTickerRange();
  const bars = useBars(ticker, range);
  const now = useRunNow();
  const { positions } = useAccount();
  const position = positions.data?.find((each) => each.ticker === ticker);
  const unknown = useUnknown(ticker, bars.data?.bars.length);
  return (
    <>
      <TickerHead ticker={ticker} bars={bars.data} position={position} />
      {unknown && !position ? (
        <section className="card" aria-label={ticker}>
          <header>
            <h2>Price</h2>
          </header>
          <EmptyState
            title={`Nothing is known of ${ticker}`}
            next={
              <>
                No bar, signal or headline of it is stored. Look for the ticker with Ctrl K, or go
                to the{" "}
                <Link className="link" to="/">
                  portfolio
                </Link>{" "}
                or the{" "}
                <Link className="link" to="/news">
                  news
                </Link>
                .
              </>
            }
          />
        </section>
      ) : (
        <>
          {position ? <Held position={position} now={now} /> : null}
          <PricePanel
            key={positions.data ? "known" : "asked"} // what is held comes above it
            ticker={ticker}
            bars={bars}
            position={position}
            range={range}
            onRange={setRange}
          />
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 max-md:gap-3 xl:grid-cols-[minmax(0,1fr)_420px]">
            <div className="grid min-w-0 gap-4 max-md:gap-3">
              <Decisions ticker={ticker} />
              <Fills ticker={ticker} />
            </div>
            <Headlines ticker={ticker} />
          </div>
        </>
      )}
    </>
  );
}

/** Neither bars nor signals nor news: a ticker that this run has never met. */
function useUnknown(ticker: string, bars: number | undefined): boolean {
  const asked = bars === 0;
  const signals = useQuery({ ...signalsQuery({ ticker, limit: 1 }), enabled: asked }).data;
  const news = useNews(ticker).data;
  return asked && signals?.length === 0 && news?.pages[0]?.articles.length === 0;
}
