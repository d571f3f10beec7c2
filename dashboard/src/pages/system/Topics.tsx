/** The topics: how much goes through each, when something last did, and live how late. */

import { useState } from "react";

import type { Schemas } from "../../api/client";
import { Button } from "../../components/controls";
import { type Asked, Panel } from "../../components/Panel";
import { Age, None } from "../../components/values";
import * as format from "../../format/format";
import { Scroll } from "../../components/Scroll";

type System = Schemas["System"];
type Topic = Schemas["TopicLevel"];

/** From this many a second on, the column says seconds, not minutes. */
const FAST = 10;
const DEAD = ".dlq";
const UNKNOWN = "Not known until its next record";

export function Topics({ query }: { query: Asked<System> }) {
  const topics = query.data?.topics ?? [];
  const [all, showAll] = useState(false);
  // Of dead letters only those that have some, or grow.
  const quiet = topics.filter(
    ({ topic, rate, records }) => topic.endsWith(DEAD) && !rate && !records,
  );
  const listed = all ? topics : topics.filter((topic) => !quiet.includes(topic));
  const fast = topics.some(({ rate }) => (rate ?? 0) >= FAST);
  const live = query.data?.live ?? false;
  return (
    <Panel
      title="Topics"
      query={query}
      height={640}
      meta="in: mean of 5 minutes"
      empty={{
        when: (system) => system.topics.length === 0,
        title: "No topic was looked at yet",
        next: "The API looks every ten seconds; the first look is on its way.",
      }}
      footer={
        quiet.length > 0 ? (
          <>
            <span>{format.counted(quiet.length, "topic")} of dead letters: nothing in them</span>
            <span className="spacer" />
            <Button size="s" kind="ghost" aria-pressed={all} onClick={() => showAll(!all)}>
              {all ? "Hide them" : "Show them"}
            </Button>
          </>
        ) : null
      }
    >
      {() => (
        <Scroll name="Table of topics">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Topic</th>
                <th
                  scope="col"
                  className="r p2"
                  title="Facts that were ever appended; what tells the time alone is none"
                >
                  Records
                </th>
                <th scope="col" className="r">
                  In <span className="u">{fast ? "/s" : "/min"}</span>
                </th>
                {live ? (
                  <>
                    <th scope="col" className="r p2" title="From its moment to its append: half">
                      Delay p50 <span className="u">ms</span>
                    </th>
                    <th scope="col" className="r p2" title="From its moment to its append: 99 %">
                      p99 <span className="u">ms</span>
                    </th>
                  </>
                ) : null}
                <th scope="col" className="r">
                  Last event
                </th>
              </tr>
            </thead>
            <tbody>
              {listed.map((topic) => (
                <Row key={topic.topic} topic={topic} fast={fast} live={live} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Row({ topic, fast, live }: { topic: Topic; fast: boolean; live: boolean }) {
  const rate = topic.rate === null ? null : topic.rate * (fast ? 1 : 60);
  return (
    <tr className="row">
      <td className="mono">
        {topic.topic}
        <span className="sub">
          {topic.records === null ? UNKNOWN : format.counted(topic.records, "record")}
        </span>
      </td>
      <td className="r p2 num">
        {topic.records === null ? <None why={UNKNOWN} /> : format.count(topic.records)}
      </td>
      <td className="r num">
        {rate === null ? (
          <None why="Known after a second look, in ten seconds" />
        ) : (
          format.fixed(rate, 1)
        )}
      </td>
      {live ? (
        <>
          <Delay value={topic.delay_ms_p50} />
          <Delay value={topic.delay_ms_p99} />
        </>
      ) : null}
      <td className="r">
        {topic.newest ? <Age at={topic.newest} /> : <None why="Nothing was appended yet" />}
      </td>
    </tr>
  );
}

function Delay({ value }: { value: number | null }) {
  return (
    <td className="r p2 num">
      {value === null ? <None why="No record of late" /> : format.fixed(value, 0)}
    </td>
  );
}
