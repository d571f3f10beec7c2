/** The Halt dialog: four choices by harm, each with its effect in numbers. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";

import { controlsQuery, limitsQuery, portfolioQuery, positionsQuery } from "../api/queries";
import { Button } from "../components/controls";
import { Dialog } from "../components/Dialog";
import { said } from "../components/Panel";
import { Badge, Delta } from "../components/values";
import * as format from "../format/format";
import { useRole } from "./clock";
import { type Act, STATES } from "./states";
import { useControl } from "./useControl";

const WORD = "FLATTEN";

export function HaltDialog({ onClose }: { onClose: () => void }) {
  const account = useQuery(portfolioQuery()).data;
  const { trader } = useRole();
  const control = useControl();
  const [why, explain] = useState("");
  const id = useId();
  const busy = control.pending?.act;
  const send = (act: Act) => control.send({ act, why });
  const state = account?.state;
  const error = control.error ? said(control.error) : null;
  return (
    <Dialog
      title="Stop trading"
      role="alertdialog"
      describedBy={id}
      onClose={onClose}
      footer={
        <>
          <span className="text-12 text-muted">
            Without a browser: <code className="mono">tidewire halt</code>
          </span>
          <span className="spacer" />
          {state && state !== "ACTIVE" ? (
            <Button
              kind="primary"
              disabled={!trader}
              pending={busy === "resume" && "Resuming..."}
              onClick={() => send("resume")}
            >
              Resume trading
            </Button>
          ) : null}
          <Button onClick={onClose}>{state === "ACTIVE" ? "Keep trading" : "Close"}</Button>
        </>
      }
    >
      <Summary id={id} />
      {error ? (
        <p role="alert" className="rounded-card bg-loss-bg p-3 text-12">
          <b className="font-semibold">{error.title}.</b> {error.cause}
        </p>
      ) : null}
      {control.late ? (
        <p role="alert" className="rounded-card bg-warn-bg p-3 text-12">
          The command was taken, but nothing was heard of it for half a minute. The state in the top
          bar is what holds; <code className="mono">tidewire status</code> says why.
        </p>
      ) : null}
      {control.denied.length ? (
        <p role="alert" className="rounded-card bg-warn-bg p-3 text-12">
          <b className="font-semibold">Not all was sold.</b> Denied:{" "}
          {control.denied.map(({ ticker, code }) => `${ticker} (${format.words(code)})`).join(", ")}
          . Nothing new is entered; flatten again when the market is open.
        </p>
      ) : null}
      {trader ? null : (
        <p className="rounded-card bg-warn-bg p-3 text-12">
          Your role is viewer: a trader or owner can do this.
        </p>
      )}
      <Choices send={send} busy={busy} may={trader} />
      <label className="grid gap-1 text-12 text-muted">
        Why (kept with your name)
        <input
          className="input text-13 text-ink"
          maxLength={200}
          value={why}
          onChange={(event) => explain(event.target.value)}
        />
      </label>
    </Dialog>
  );
}

function Summary({ id }: { id: string }) {
  const account = useQuery(portfolioQuery()).data;
  if (!account) return <p id={id}>&nbsp;</p>;
  return (
    <p id={id} className="text-muted">
      Account {account.account} is {STATES[account.state].name}:{" "}
      {format.counted(account.positions, "position")} worth{" "}
      <b className="font-semibold text-ink">{format.dollars(account.positions_value, 2)}</b>,
      unrealised <Delta value={account.unrealized_pnl} />. Every choice is kept with your name.
    </p>
  );
}

/** What is lost if every stop is hit now, and how many positions have none; null: not known. */
function useAtRisk(): { risk: number; bare: number } | null {
  const positions = useQuery(positionsQuery()).data;
  if (!positions) return null;
  let risk = 0;
  let bare = 0;
  for (const { qty, price, stop_loss } of positions) {
    if (stop_loss === null || price === null) bare += 1;
    else risk += Math.max(0, (Number(price) - Number(stop_loss)) * qty);
  }
  return { risk, bare };
}

function Choices({
  send,
  busy,
  may,
}: {
  send: (act: Act) => void;
  busy: string | undefined;
  may: boolean;
}) {
  const account = useQuery(portfolioQuery()).data;
  const controls = useQuery(controlsQuery()).data;
  const limits = useQuery(limitsQuery()).data;
  const atRisk = useAtRisk();
  const count = account?.positions ?? null;
  const [word, type] = useState("");
  const state = account?.state;
  const stay = `${format.count(count)} stay`;
  const guarded =
    atRisk === null
      ? stay
      : atRisk.bare
        ? `${stay}, ${format.count(atRisk.bare)} without a stop`
        : `${stay}, stops active`;
  const most = limits?.["risk.max_exposure_bps"];
  const room =
    account && most
      ? format.dollars(
          Math.max(0, (Number(account.equity) * Number(most)) / 10_000 - Number(account.exposure)),
        )
      : format.NONE;
  const pnl = controls?.closes.reduce((sum, each) => sum + Number(each.unrealized_pnl), 0);
  const off = !may || busy !== undefined;
  return (
    <>
      <Choice
        name="Pause entries"
        leads={<Badge tone="warn">Paused</Badge>}
        says="No new positions; entries already sent stay open. Stops, targets and exits go on. Undo at any time."
        facts={[
          ["Positions", guarded],
          ["Open entries", "stay"],
          ["Room left unused", room],
        ]}
        act={
          <Button
            data-first
            disabled={off || state === "PAUSED"}
            pending={busy === "pause" && "Pausing..."}
            onClick={() => send("pause")}
          >
            Pause entries
          </Button>
        }
      />
      <Choice
        name="Reduce"
        leads={<Badge tone="warn">Reducing</Badge>}
        says="As Pause, and open entries are cancelled now. Undo at any time."
        facts={[
          ["Positions", guarded],
          ["Open entries", "cancelled"],
          ["Room left unused", room],
        ]}
        act={
          <Button
            disabled={off || state === "REDUCING"}
            pending={busy === "reduce" && "Reducing..."}
            onClick={() => send("reduce")}
          >
            Reduce
          </Button>
        }
      />
      <Choice
        name="Halt"
        leads={<Badge tone="loss">Halted</Badge>}
        says={
          <>
            No entries and no exits by signal; open entries are cancelled.{" "}
            <b className="font-semibold text-ink">Stops still sell.</b> Undo at any time.
          </>
        }
        facts={[
          ["Positions", guarded],
          ["Open entries", "cancelled"],
          ["At risk, to the stops", format.dollars(atRisk?.risk)],
        ]}
        act={
          <Button
            kind="danger"
            disabled={off || state === "HALTED"}
            pending={busy === "halt" && "Halting..."}
            onClick={() => send("halt")}
          >
            Halt trading
          </Button>
        }
      />
      <Choice
        name="Flatten all"
        leads={<Badge tone="loss">Reducing, then Halted</Badge>}
        says={`Sells ${count === null ? "all positions" : `all ${format.counted(count, "position")}`} at market, then halts. Cannot be undone.`}
        facts={[
          ["Close orders", format.count(controls?.closes.length ?? count)],
          ["Estimated proceeds", `about ${format.dollars(controls?.flatten_proceeds)}`],
          ["P&L realised by it", <Delta key="pnl" value={pnl} />],
        ]}
        act={null}
      >
        {controls?.session === "closed" ? (
          <p className="rounded-card bg-warn-bg p-3 text-12">
            The market is closed: the risk checks deny what would be sold now.
          </p>
        ) : null}
        <div className="flex flex-wrap items-center gap-3">
          <label htmlFor="flatten-word" className="text-12">
            Type <b className="mono">{WORD}</b> to enable
          </label>
          <input
            id="flatten-word"
            className="input flex-1"
            autoComplete="off"
            spellCheck={false}
            value={word}
            onChange={(event) => type(event.target.value)}
          />
          <Button
            kind="danger solid"
            disabled={off || word !== WORD || count === 0}
            pending={busy === "flatten" && "Flattening..."}
            onClick={() => send("flatten")}
          >
            Flatten all
          </Button>
        </div>
      </Choice>
    </>
  );
}

function Choice({
  name,
  leads,
  says,
  facts,
  act,
  children,
}: {
  name: string;
  leads: ReactNode;
  says: ReactNode;
  facts: readonly (readonly [string, ReactNode])[];
  act: ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-3 rounded-card border border-line-strong p-4">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <h3
            id={id}
            className="flex flex-wrap items-center gap-2 !text-14 !font-semibold !text-ink"
          >
            {name} {leads}
          </h3>
          <p className="text-muted">{says}</p>
        </div>
        {act}
      </div>
      <dl className="grid grid-cols-3 gap-3 border-t border-line pt-3 text-12">
        {facts.map(([term, fact]) => (
          <div key={term}>
            <dt className="text-muted">{term}</dt>
            <dd className="num">{fact}</dd>
          </div>
        ))}
      </dl>
      {children}
    </section>
  );
}
