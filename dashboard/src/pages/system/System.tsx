/** How the run is: what is amiss, its flows, feeds, topics, dead letters, and proofs of its days. */

import { useQuery } from "@tanstack/react-query";

import type { Schemas } from "../../api/client";
import { systemQuery } from "../../api/queries";
import { Icon } from "../../components/Icon";
import * as format from "../../format/format";
import { Alerts } from "./Alerts";
import { Broker } from "./Broker";
import { DeadLetters } from "./DeadLetters";
import { Feeds } from "./Feeds";
import { Flows } from "./Flows";
import { Proof } from "./Proof";
import { Topics } from "./Topics";

export default function System() {
  const query = useQuery(systemQuery());
  const system = query.data;
  return (
    <>
      <div className="pagehead">
        <h1>System</h1>
        {system ? <InAWord system={system} /> : null}
        <span className="spacer" />
        {system ? (
          <span className="text-12 text-muted max-md:hidden">
            run <span className="mono">{system.run}</span> · Tidewire {system.version}
          </span>
        ) : null}
      </div>
      {system && system.alerts.length > 0 ? <Alerts alerts={system.alerts} /> : null}
      <div className="grid items-start gap-(--gap) xl:grid-cols-2">
        <div className="grid min-w-0 gap-(--gap)">
          <Flows query={query} />
          <Broker />
          {system && system.feeds.length > 0 ? <Feeds feeds={system.feeds} /> : null}
          <DeadLetters />
          <Proof />
        </div>
        <Topics query={query} />
      </div>
    </>
  );
}

/** The first thing that is wrong, or that nothing is, and what was looked at. */
function InAWord({ system }: { system: Schemas["System"] }) {
  const { flows, alerts, ended } = system;
  const lag = flows.reduce((sum, flow) => sum + flow.lag, 0);
  const restarts = flows.reduce((sum, flow) => sum + flow.restarts, 0);
  const running = flows.filter(({ state }) => state === "running").length;
  const clear = alerts.length === 0;
  const word = clear
    ? ended
      ? `Played to its end: ${format.counted(flows.length, "flow")}`
      : `${format.count(running)} of ${format.counted(flows.length, "flow")} running`
    : `${format.counted(alerts.length, "thing")} to look at`;
  return (
    <span className="flex flex-wrap items-center gap-2 text-12">
      <span className={clear ? "text-gain" : "text-warn"}>
        <Icon name={clear ? "check" : "warn"} />
      </span>
      <b className="font-semibold">{word}</b>
      <span className="text-muted num">
        · lag {format.count(lag)} · {format.counted(restarts, "restart")}
      </span>
    </span>
  );
}
