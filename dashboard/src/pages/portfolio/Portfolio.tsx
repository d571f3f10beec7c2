/** The home page: money, running, wrong; then how it came about and what is held. */

import { Attention } from "./Attention";
import { EquityPanel } from "./EquityPanel";
import { Exposure } from "./Exposure";
import { LatestSignals } from "./LatestSignals";
import { Positions } from "./Positions";
import { Tiles } from "./Tiles";
import { useRange } from "./period";

export default function Portfolio() {
  const [range, setRange] = useRange();
  return (
    <>
      <div className="pagehead">
        <h1>Portfolio</h1>
        <Attention />
      </div>
      <Tiles range={range} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 max-md:gap-3 xl:grid-cols-[minmax(0,1fr)_340px]">
        <EquityPanel range={range} onRange={setRange} />
        <div className="grid min-w-0 content-start gap-4 max-md:gap-3">
          <Exposure />
          <LatestSignals />
        </div>
      </div>
      <Positions />
    </>
  );
}
