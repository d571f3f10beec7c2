/** What is to be run: days of the archive, capital, weights, learning, slippage, commission. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import { useRole } from "../../app/clock";
import { api, dataOf, newKey } from "../../api/client";
import { limitsQuery } from "../../api/queries";
import { ApiProblem } from "../../api/session";
import { Button, Field } from "../../components/controls";
import { said } from "../../components/Panel";
import { SelectField } from "../../components/SelectField";
import * as format from "../../format/format";
import { type Asked, bodyOf, checked, type Errors, fieldErrors, type Form } from "./asked";
import { DayField } from "./DayField";
import { WeightSliders } from "./WeightSliders";

interface FormProps {
  days: readonly string[];
  initial: Form;
  onClose?: (() => void) | undefined;
}

/** The fields that have a place for their error; others are said above the button. */
const PLACED = new Set([
  "first",
  "last",
  "capital",
  "slippage_bps",
  "learning",
  "commission",
  "weights",
]);

export function BacktestForm({ days, initial, onClose }: FormProps) {
  const [form, set] = useState(initial);
  const [tried, tryIt] = useState(false);
  const { trader } = useRole();
  const limits = useQuery(limitsQuery()).data;
  const { ask, errors: refused, clear } = useAsk();
  const box = useRef<HTMLFormElement>(null);

  const own = checked(form, days);
  const errors: Errors = tried ? { ...refused, ...own } : refused;
  const change = (part: Partial<Form>) => {
    clear();
    set({ ...form, ...part });
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    tryIt(true);
    if (Object.keys(own).length === 0) ask.mutate(bodyOf(form));
  };
  const wrong = Object.keys(errors).length > 0;
  useEffect(() => {
    if (wrong && !box.current?.contains(document.activeElement)) return;
    if (wrong) box.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [wrong, tried]);

  const sessions = days.filter((day) => day >= form.first && day <= form.last).length;
  const setting = (name: string) => limits?.[name];
  const others = Object.entries(errors).filter(([name]) => !PLACED.has(name));
  const failed = ask.error && !(ask.error instanceof ApiProblem && wrong) ? said(ask.error) : null;
  return (
    <form ref={box} noValidate onSubmit={send} className="card" aria-labelledby="new-backtest">
      <header>
        <h2 id="new-backtest">New backtest</h2>
        <span className="meta max-md:hidden">
          over days of this run’s archive, with its strategies and limits
        </span>
      </header>
      <div className="body grid gap-x-8 gap-y-4 xl:grid-cols-2">
        <div className="grid grid-cols-2 content-start gap-x-4 gap-y-3">
          <DayField
            label="First day"
            days={days}
            value={form.first}
            error={errors["first"]}
            onChange={(first) => change({ first })}
          />
          <DayField
            label="Last day"
            days={days}
            value={form.last}
            error={errors["last"]}
            hint={`${format.counted(sessions, "session")} of ${format.count(days.length)}`}
            onChange={(last) => change({ last })}
          />
          <Field
            label="Capital $"
            inputMode="numeric"
            value={form.capital}
            placeholder={shown(setting("account.start_cash"))}
            hint="Empty: as the settings have it"
            error={errors["capital"]}
            onChange={(event) => change({ capital: event.target.value })}
          />
          <Field
            label="Slippage bp"
            inputMode="numeric"
            value={form.slippage}
            placeholder={shown(setting("fills.slippage_bps"))}
            hint="0.01 % of each price, against us"
            error={errors["slippage_bps"]}
            onChange={(event) => change({ slippage: event.target.value })}
          />
          <SelectField
            label="Learning"
            value={form.learning}
            hint="How weights follow outcomes"
            error={errors["learning"]}
            onChange={(event) => change({ learning: event.target.value as Form["learning"] })}
          >
            <option value="">
              {setting("learning.rule") ? `Settings: ${setting("learning.rule")}` : "Settings"}
            </option>
            <option value="fixed">Fixed: weights stay</option>
            <option value="ewma">EWMA: newer count more</option>
            <option value="hedge">Hedge: losers fade</option>
          </SelectField>
          <SelectField
            label="Commission"
            value={form.commission}
            hint="What each order costs"
            error={errors["commission"]}
            onChange={(event) => change({ commission: event.target.value as Form["commission"] })}
          >
            <option value="">As the settings have it</option>
            <option value="none">None</option>
            <option value="alpaca">Alpaca’s</option>
          </SelectField>
        </div>
        <WeightSliders
          weights={form.weights}
          error={errors["weights"]}
          onChange={(weights) => change({ weights })}
        />
      </div>
      <footer className="flex-wrap">
        {failed || others.length > 0 ? (
          <span role="alert" className="text-loss">
            {failed ? `${failed.title}. ${failed.cause}` : others.map(([, why]) => why).join(" ")}
          </span>
        ) : (
          <span>{trader ? "One runs at a time; eight may wait." : "Your role is viewer."}</span>
        )}
        <span className="spacer" />
        {onClose ? <Button onClick={onClose}>Close</Button> : null}
        <Button
          type="submit"
          kind="primary"
          disabled={!trader}
          title={trader ? undefined : "A trader or owner can run backtests"}
          pending={ask.isPending && "Asking..."}
        >
          Run backtest
        </Button>
      </footer>
    </form>
  );
}

const shown = (setting: string | undefined) => (setting ? format.count(setting) : "");

/** Asks once for each request, however often it is sent; then goes to the run. */
function useAsk() {
  const client = useQueryClient();
  const go = useNavigate();
  const sent = useRef({ body: "", key: "" });
  const [errors, tell] = useState<Errors>({});
  const ask = useMutation({
    mutationFn: (body: Asked) => {
      const text = JSON.stringify(body);
      if (sent.current.body !== text) sent.current = { body: text, key: newKey() };
      const params = { header: { "Idempotency-Key": sent.current.key } };
      return dataOf(api.POST("/api/backtest/run", { params, body }));
    },
    onSuccess: ({ run_id }) => {
      sent.current = { body: "", key: "" };
      void client.invalidateQueries({ queryKey: ["backtests"] });
      void go(`/backtests/${encodeURIComponent(run_id)}`);
    },
    onError: (error) => tell(error instanceof ApiProblem ? fieldErrors(error.fields) : {}),
  });
  return { ask, errors, clear: () => tell({}) };
}
