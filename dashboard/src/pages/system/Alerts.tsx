/** What somebody should look at, the worst first, in words. */

import type { Schemas } from "../../api/client";
import { brokerName } from "../../app/broker";
import { Badge } from "../../components/values";
import * as format from "../../format/format";

type Alert = Schemas["AlertAnswer"];

/** What each code means, and what helps. */
const SAID: Record<string, { title: (about: string) => string; help: string }> = {
  BROKER_AWAY: {
    title: () => "Kafka does not answer",
    help: "Nothing moves until it is back; the flows go on where they were. tidewire status has more.",
  },
  BROKER_DRIFT: {
    title: (broker) => `${brokerName(broker)} holds something else than it told of`,
    help: "See what was traded there by hand or corrected; it counts as over once all is accounted for.",
  },
  BROKER_STREAM_DOWN: {
    title: (broker) => `${brokerName(broker)} is not heard`,
    help: "Exits go out, and what they come to is asked for. It is connected to again by itself.",
  },
  BROKER_NOT_RECONCILED: {
    title: (broker) => `${brokerName(broker)} is not reconciled`,
    help: "It takes a few seconds after a start; longer means that the broker does not answer.",
  },
  FLOW_DOWN: {
    title: (flow) => `The flow ${flow} is down`,
    help: "It is started again by itself. If it stays down, its log says why: tidewire logs.",
  },
  FLOW_STUCK: {
    title: (flow) => `The flow ${flow} makes nothing durable`,
    help: "It runs, but does not get through. Look at its lag and at the database.",
  },
  CLOCK_BEHIND: {
    title: (flow) => `The flow ${flow} is behind the time`,
    help: "It works off what came before; its lag should fall.",
  },
  FEED_FAILING: {
    title: (feed) => `The feed ${feed} fails`,
    help: "News of it are missing meanwhile; the other feeds go on.",
  },
  NO_BARS: {
    title: () => "No bars come",
    help: "Nothing can trade, and no stop can act, without them: see tidewire feeds.",
  },
  DEAD_LETTERS: {
    title: (topic) => `New dead letters in ${topic}`,
    help: "Records that could not be used: below, each with its reason.",
  },
};

const RANK: Record<Alert["severity"], number> = { critical: 0, warning: 1 };

/** Their severity first, else in the API's order. */
export function worstFirst(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((one, other) => RANK[one.severity] - RANK[other.severity]);
}

export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <section className="card" aria-labelledby="alerts">
      <header>
        <h2 id="alerts">To look at</h2>
        <span className="meta">the worst first</span>
      </header>
      <ul className="grid">
        {worstFirst(alerts).map((alert) => {
          const { code, severity, about, detail } = alert;
          const known = SAID[code];
          const critical = severity === "critical";
          return (
            <li
              key={`${code} ${about}`}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-4 py-2"
            >
              <span className={`dot ${critical ? "bad" : "warn"}`} />
              <span className="sr">{critical ? "Critical: " : "Warning: "}</span>
              <b className="font-semibold">
                {known ? known.title(about) : `${format.words(code)}: ${about}`}
              </b>
              <span>{detail}</span>
              <span className="text-12 text-muted">{known?.help}</span>
              <span className="spacer" />
              <Badge tone="code">{code}</Badge>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
