/** The five-second glance: money, running, wrong; on every page. */

import { useQuery } from "@tanstack/react-query";

import { brokerQuery, controlsQuery, meQuery, portfolioQuery, systemQuery } from "../api/queries";
import { Button } from "../components/controls";
import { Icon } from "../components/Icon";
import { Age, Delta } from "../components/values";
import { useNow } from "../components/useNow";
import * as format from "../format/format";
import { useConnection } from "../live/LiveProvider";
import { ON_PAPER, READINESS, brokerName } from "./broker";
import { STATES } from "./states";

export function TopBar({ onHalt, onPalette }: { onHalt: () => void; onPalette: () => void }) {
  return (
    <header className="top">
      <Money />
      <span className="sep" />
      <span className="break" />
      <Market />
      <span className="spacer" />
      <Connected />
      <Mode />
      <StatePill />
      <Button
        kind="ghost"
        size="s"
        className="desk"
        onClick={onPalette}
        aria-label="Search and commands, Ctrl K"
      >
        <Icon name="search" />
        <kbd>Ctrl K</kbd>
      </Button>
      <Button kind="danger" onClick={onHalt} aria-haspopup="dialog">
        <Icon name="halt" />
        Halt
      </Button>
    </header>
  );
}

function Money() {
  const account = useQuery(portfolioQuery()).data;
  // The widths are kept while nothing is known, so that nothing moves.
  return (
    <div className="money">
      <span
        className="equity num"
        title={`Cash and positions at the last price, ${format.full(account?.as_of)}`}
      >
        <span className="sr">Equity </span>
        {account ? format.money(account.equity) : "\u00a0"}
      </span>
      <span className="num min-h-4 text-13">
        {account ? (
          <>
            <span className="sr">Day P&L </span>
            <Delta value={account.day_pnl} />{" "}
            {account.day_pct === null ? null : (
              <span className="wide">
                (<Delta value={account.day_pct / 100} of="fraction" />)
              </span>
            )}{" "}
            <span className="wide text-12 text-muted">today</span>
          </>
        ) : (
          "\u00a0"
        )}
      </span>
    </div>
  );
}

const MINUTE_MS = 60_000;

/** The session and its end; a run that is played says so, and by its own clock. */
function Market() {
  const controls = useQuery({ ...controlsQuery(), refetchInterval: MINUTE_MS }).data;
  const me = useQuery(meQuery()).data;
  const now = useNow();
  const played = me?.live === false;
  const asOf = useQuery(portfolioQuery()).data?.as_of;
  const ended = useQuery(systemQuery()).data?.ended ?? false;
  if (!controls || !me) return <span className="fact market" />;
  if (played && ended) {
    return (
      <span className="fact market">
        <b>Played to its end</b> <span className="wide">{format.full(asOf)}</span>
      </span>
    );
  }
  const open = controls.session === "open";
  const at = played ? format.millis(asOf) : now;
  const until = format.millis(controls.until);
  const left = at !== null && until !== null ? Math.max(0, (until - at) / 1_000) : controls.seconds;
  return (
    <span className="fact market" title={controls.until ? format.full(controls.until) : undefined}>
      <b>{open ? "Market open" : "Market closed"}</b>
      {left === null ? null : (
        <span className="short">
          {open ? "closes" : "opens"} in {format.duration(roughly(left))}
        </span>
      )}
      {played ? <span className="desk wide">· played, {format.clock(asOf)}</span> : null}
    </span>
  );
}

/** Whole minutes, until the last one: a countdown that changes each second is noise. */
const roughly = (seconds: number) => (seconds > 60 ? Math.ceil(seconds / 60) * 60 : seconds);

const QUIET_S = 30;

function Connected() {
  const connection = useConnection();
  if (connection.state === "live") {
    return (
      <span className="fact connected" title={`Last heard ${format.full(connection.heard)}`}>
        <span className="dot good" />
        <span>
          <span className="desk">Live · </span>
          <Age at={connection.heard} limit={QUIET_S} />
          <span className="desk"> ago</span>
        </span>
      </span>
    );
  }
  const again = connection.state === "connecting" && connection.attempt > 0;
  return (
    <span className="fact connected">
      <span className={again ? "dot bad" : "dot"} />
      {again ? "Offline" : <span className="desk">Connecting</span>}
    </span>
  );
}

/** Who fills orders: Tidewire on paper, or a broker, and whether entries may go out there. */
function Mode() {
  const mode = useQuery(brokerQuery()).data;
  if (!mode) return <span className="mode">{"\u00a0"}</span>;
  if (!mode.broker) {
    return (
      <span className="mode" title={ON_PAPER}>
        PAPER
      </span>
    );
  }
  const ready = READINESS[mode.broker.readiness];
  const name = brokerName(mode.broker.name);
  return (
    <span
      className={`mode ${ready.badge}`}
      title={`Orders go to a paper account at ${name}. ${ready.says}`}
    >
      <span className={`dot ${ready.dot}`} />
      <span className="sr">Broker: </span>
      {name} <span className="words">· {ready.name.toLowerCase()}</span>
    </span>
  );
}

function StatePill() {
  const account = useQuery(portfolioQuery()).data;
  if (!account) return <span className="pill" />;
  const state = STATES[account.state];
  const who = account.state_who ? ` By ${account.state_who}` : "";
  const why = account.state_why ? `: ${account.state_why}` : "";
  return (
    <span className={`pill ${state.pill}`} title={`${state.says}${who}${why}`}>
      <span className={`dot ${state.dot}`} />
      <span className="sr">Trading state: </span>
      {state.name}
    </span>
  );
}
