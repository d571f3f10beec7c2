/** The switch of a strategy, and the question before it. */

import { useState } from "react";

import { useRole } from "../../app/clock";
import { Button, Switch } from "../../components/controls";
import { Dialog } from "../../components/Dialog";
import { said } from "../../components/Panel";
import * as format from "../../format/format";
import type { SwitchControl } from "./useSwitch";
import type { Strategy } from "./weights";

interface SwitchProps {
  strategy: Strategy;
  /** How many others are heard. */
  others: number;
  control: SwitchControl;
  asking: boolean;
  ask: (open: boolean) => void;
}

export function StrategySwitch({ strategy, others, control, asking, ask }: SwitchProps) {
  const { owner } = useRole();
  const name = format.words(strategy.id);
  const { wanted } = control;
  const close = () => {
    control.forget();
    ask(false);
  };
  return (
    <>
      <span className="inline-flex items-center gap-2 text-12 text-muted" role="status">
        {wanted === null || asking ? (
          strategy.active ? null : (
            "Off"
          )
        ) : (
          <>
            <span className="spin" aria-hidden="true" />
            {wanted ? "Switching on..." : "Switching off..."}
          </>
        )}
      </span>
      <Switch
        label={`${name} is heard`}
        on={strategy.active}
        disabled={!owner || wanted !== null}
        title={owner ? undefined : "Only an owner can switch strategies."}
        onChange={() => ask(true)}
      />
      {asking ? (
        <Confirmation strategy={strategy} others={others} control={control} onClose={close} />
      ) : null}
    </>
  );
}

/** Said below a switch whose effect was not seen. */
export function Late({ name }: { name: string }) {
  return (
    <p role="alert" className="rounded-card bg-warn-bg p-3 text-12">
      The switch of {name} was taken, but it was not seen to change for half a minute. What is shown
      is what holds; <code className="mono">tidewire status</code> says why.
    </p>
  );
}

function Confirmation({
  strategy,
  others,
  control,
  onClose,
}: {
  strategy: Strategy;
  others: number;
  control: SwitchControl;
  onClose: () => void;
}) {
  const [why, explain] = useState("");
  const on = !strategy.active;
  const name = format.words(strategy.id);
  const weight = format.percent(strategy.weight, { decimals: 1 });
  const error = control.error ? said(control.error) : null;
  return (
    <Dialog
      title={on ? `Switch ${name} on?` : `Switch ${name} off?`}
      onClose={onClose}
      footer={
        <>
          <span className="spacer" />
          <Button className="touch" onClick={onClose}>
            Leave it {on ? "off" : "on"}
          </Button>
          <Button
            kind="primary"
            className="touch"
            pending={control.wanted !== null && "Asking..."}
            onClick={() => control.send({ active: on, why })}
          >
            Switch {on ? "on" : "off"}
          </Button>
        </>
      }
    >
      <p className="text-muted">
        {on
          ? `Its votes count again in new signals, at its weight of ${weight}, and learning may move that weight again.`
          : `Its votes stop counting in new signals. Its weight stands still at ${weight}; the weights of the others are not moved. Positions stay, and stops go on. You can switch it on again at any time.`}
      </p>
      {!on && others === 0 ? (
        <p className="rounded-card bg-warn-bg p-3 text-12">
          It is the only strategy that is heard: without it there are no new signals.
        </p>
      ) : null}
      {error ? (
        <p role="alert" className="rounded-card bg-loss-bg p-3 text-12">
          <b className="font-semibold">{error.title}.</b> {error.cause}
        </p>
      ) : null}
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
