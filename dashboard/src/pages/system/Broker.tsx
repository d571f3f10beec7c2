/** Who fills orders; of a broker whether entries may go out, its money, and what is amiss. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Schemas } from "../../api/client";
import { brokerQuery } from "../../api/queries";
import { ON_PAPER, READINESS, type AtBroker, brokerName, differenceWords } from "../../app/broker";
import { Panel } from "../../components/Panel";
import { Age, None } from "../../components/values";
import * as format from "../../format/format";

/** Of seven lines: a broker without anything to look at. */
const HEIGHT = 200;

export function Broker() {
  const query = useQuery(brokerQuery());
  const name = query.data?.broker?.name;
  return (
    <Panel
      title="Broker"
      query={query}
      height={HEIGHT}
      meta={name ? `${brokerName(name)}, a paper account` : undefined}
      empty={{
        when: ({ broker }) => broker === null,
        title: ON_PAPER,
        next: "With a broker, its account, its readiness and what it holds besides stand here.",
      }}
    >
      {({ broker }) => (broker ? <Body broker={broker} /> : null)}
    </Panel>
  );
}

function Body({ broker }: { broker: AtBroker }) {
  const { reconciliation: last, drift } = broker;
  const ready = READINESS[broker.readiness];
  return (
    <div className="body" style={{ minHeight: HEIGHT }}>
      {drift?.current ? <DriftNote drift={drift} /> : null}
      <dl className="kv grid">
        <Fact term="Readiness" title={ready.says}>
          <span className="inline-flex items-center gap-2">
            <span className={`dot ${ready.dot}`} />
            <b className="font-semibold">{ready.name}</b>
            {broker.since ? (
              <span className="text-muted">
                for <Age at={broker.since} />
              </span>
            ) : (
              <span className="text-muted">it has said nothing yet</span>
            )}
          </span>
        </Fact>
        {broker.why ? <Fact term="It said">{broker.why}</Fact> : null}
        <Fact term="Last reconciled" title={last ? format.full(last.at) : undefined}>
          {last ? (
            <>
              <Age at={last.at} /> ago
            </>
          ) : (
            <None why="Not yet" />
          )}
        </Fact>
        <Fact term="Cash, by the broker">{last ? format.dollars(last.cash, 2) : <None />}</Fact>
        <Fact term="Equity, by the broker">{last ? format.dollars(last.equity, 2) : <None />}</Fact>
        <Fact term="Buying power, by the broker">
          {last ? format.dollars(last.buying_power, 2) : <None />}
        </Fact>
        {last?.blocked ? <Fact term="Blocked">{last.blocked}</Fact> : null}
        <Fact term="Held besides" title="At the broker, and not ordered by Tidewire: left alone">
          {last && last.unmanaged.length > 0 ? (
            last.unmanaged.map(({ ticker, qty }) => `${format.shares(qty)} ${ticker}`).join(", ")
          ) : (
            <span className="text-muted">nothing</span>
          )}
        </Fact>
        <Fact term="Open orders">
          {format.count(broker.open_orders)}
          {broker.unknown_orders > 0 ? (
            <span className="text-warn"> · {format.count(broker.unknown_orders)} in doubt</span>
          ) : null}
          {broker.silent_orders > 0 ? (
            <span className="text-muted"> · {format.count(broker.silent_orders)} on the way</span>
          ) : null}
        </Fact>
        {drift && !drift.current ? (
          <Fact term="Last drift, over" title={format.full(drift.at)}>
            <Age at={drift.at} /> ago
          </Fact>
        ) : null}
      </dl>
    </div>
  );
}

function DriftNote({ drift }: { drift: Schemas["DriftAnswer"] }) {
  return (
    <div className="mb-2 grid gap-1" role="status">
      <ul className="grid gap-1">
        {drift.differences.map((difference) => (
          <li key={difference.ticker} className="flex items-center gap-2">
            <span className="dot bad" />
            <b className="font-semibold">{differenceWords(difference)}</b>
          </li>
        ))}
      </ul>
      <p className="text-12 text-muted">
        {drift.differences.length === 0 ? `${drift.why}. ` : ""}
        Entries wait since {format.full(drift.at)}, until it is accounted for.
      </p>
    </div>
  );
}

function Fact({
  term,
  title,
  children,
}: {
  term: string;
  title?: string | undefined;
  children: ReactNode;
}) {
  return (
    <div title={title}>
      <dt>{term}</dt>
      <dd className="num text-right">{children}</dd>
    </div>
  );
}
