/** The flows: whether each runs, how far behind it is, and when it was last durable. */

import type { Schemas } from "../../api/client";
import { type Asked, Panel } from "../../components/Panel";
import { None, Time } from "../../components/values";
import * as format from "../../format/format";
import { Scroll } from "../../components/Scroll";

type System = Schemas["System"];
type Flow = Schemas["Flow"];

const DOTS: Record<string, string> = {
  running: "good",
  restarting: "warn",
  failed: "bad",
  silent: "bad",
};

export function Flows({ query }: { query: Asked<System> }) {
  return (
    <Panel
      title="Flows"
      query={query}
      height={324}
      empty={{
        when: ({ flows }) => flows.length === 0,
        title: "No flow has said anything yet",
        next: "They report within seconds of their start; tidewire status says which processes there are.",
      }}
    >
      {({ flows, live }) => (
        <Scroll name="Table of flows">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Flow</th>
                <th scope="col">State</th>
                <th scope="col" className="r" title="Records that it has not read yet">
                  Lag
                </th>
                <th scope="col" className="r p2" title="The time of what it has read">
                  Clock <span className="u">{format.zone(flows[0]?.clock)}</span>
                </th>
                {live ? (
                  <th scope="col" className="r p2" title="The wall clock less its own">
                    Clock age <span className="u">s</span>
                  </th>
                ) : null}
                <th scope="col" className="r p2" title="Since everything was last durable">
                  Durable <span className="u">s ago</span>
                </th>
                <th scope="col" className="r">
                  Restarts
                </th>
              </tr>
            </thead>
            <tbody>
              {flows.map((flow) => (
                <Row key={flow.flow} flow={flow} live={live} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Row({ flow, live }: { flow: Flow; live: boolean }) {
  const at = flow.clock;
  return (
    <tr className="row">
      <td className="mono">{flow.flow}</td>
      <td>
        <span className="inline-flex items-center gap-2">
          <span className={`dot ${DOTS[flow.state] ?? ""}`} />
          {format.words(flow.state)}
        </span>
      </td>
      <td className="r num">{format.count(flow.lag)}</td>
      <td className="r p2">
        {at === null ? (
          <None why="It has read nothing yet" />
        ) : (
          <>
            <Time at={at} style="seconds" /> <span className="text-muted">{format.day(at)}</span>
          </>
        )}
      </td>
      {live ? (
        <td className="r p2 num">
          {flow.clock_age_s === null ? (
            <None why="Its clock is not known" />
          ) : (
            format.fixed(flow.clock_age_s, 1)
          )}
        </td>
      ) : null}
      <td className="r p2 num">
        {flow.state === "ended" ? (
          <None why="It has ended, with everything durable" />
        ) : flow.epoch_age_s === null ? (
          <None why="Nothing was durable yet" />
        ) : (
          format.fixed(flow.epoch_age_s, 1)
        )}
      </td>
      <td className="r num">{format.count(flow.restarts)}</td>
    </tr>
  );
}
