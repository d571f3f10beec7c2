/** Trades: every decision and every fill, and what each came from and led to. */

import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { useRunNow } from "../../app/clock";
import { useSay } from "../../app/toasts";
import { Button } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { More, Panel, said } from "../../components/Panel";
import * as format from "../../format/format";
import { MOST, csvOf, save } from "./csv";
import { FilterBar } from "./FilterBar";
import { type Filters, isNarrowed, tradesAsked, useFilters } from "./filters";
import { LineageCard } from "./LineageCard";
import type { Row } from "./rows";
import { TradesTable } from "./TradesTable";
import { useFirst, useRows, useSteady } from "./useRows";
import "./trades.css";

const TITLES = { all: "Decisions", filled: "Fills", denied: "Denials" } as const;
const HEIGHT = 540;

export default function Trades() {
  const { filters, change, clear, open, opened } = useFilters();
  const { rows, query } = useRows(filters);
  const list = JSON.stringify(filters);
  const ready = query.data !== undefined && !query.isPlaceholderData;
  const isNew = useFirst(ready ? rows : NONE, list);
  const { shown, waiting, letIn } = useSteady(rows, list, open !== "" && ready);
  const away = open !== "" && ready && !shown.some(({ ids }) => ids.includes(open));
  const now = useRunNow();
  useShownFirst(open, rows.length > 0 && ready);
  return (
    <>
      <div className="pagehead">
        <h1>Trades</h1>
        <span className="desk text-12 text-muted">
          {now === null ? null : `${format.day(now)}, `}every signal ends in one decision
        </span>
        <span className="spacer" />
        <Download filters={filters} />
      </div>
      <FilterBar filters={filters} change={change} clear={clear} />
      {away ? <LineageCard id={open} onClose={() => opened("")} /> : null}
      <Panel<unknown>
        title={TITLES[filters.show]}
        query={query}
        height={HEIGHT}
        meta={filters.show === "filled" ? "Newest first" : "Newest first, denials alike in one row"}
        controls={
          waiting ? (
            <Button size="s" onClick={letIn}>
              {format.counted(waiting, "new row")}
            </Button>
          ) : null
        }
        empty={{ when: () => rows.length === 0, ...emptyOf(filters, clear) }}
        footer={
          shown.length ? (
            <>
              <Counted rows={shown} />
              <span className="spacer" />
              <More query={query} />
            </>
          ) : undefined
        }
      >
        {() => (
          <TradesTable
            rows={shown}
            denials={filters.show === "denied"}
            open={open}
            onOpen={opened}
            isNew={isNew}
          />
        )}
      </Panel>
    </>
  );
}

/** Brings the row that an address opens into sight, once; rows opened by hand stay where they are. */
function useShownFirst(open: string, there: boolean): void {
  const wanted = useRef(open !== "");
  useEffect(() => {
    if (!there || !wanted.current) return;
    wanted.current = false;
    document.querySelector("tr.open")?.scrollIntoView({ block: "start" });
  }, [there]);
}

const NONE: readonly Row[] = [];

/** How many rows are shown, and for how many decisions they stand. */
function Counted({ rows }: { rows: readonly Row[] }) {
  if (rows.length === 0) return null;
  const all = rows.reduce((sum, { count }) => sum + count, 0);
  return (
    <span className="num">
      {all === rows.length
        ? `${format.counted(rows.length, "row")} shown`
        : `${format.counted(all, "decision")} in ${format.counted(rows.length, "row")} shown`}
    </span>
  );
}

function emptyOf(filters: Filters, clear: () => void) {
  if (isNarrowed(filters)) {
    return {
      title: "Nothing matches these filters",
      next: (
        <button type="button" className="link" onClick={clear}>
          Clear the filters
        </button>
      ),
    };
  }
  if (filters.show === "denied") {
    return { title: "Nothing was denied", next: "Every signal so far passed all checks." };
  }
  return {
    title: filters.show === "filled" ? "No fills yet" : "No decisions yet",
    next: "They come with the first signal of a session, on their own.",
  };
}

function Download({ filters }: { filters: Filters }) {
  const say = useSay();
  const asked = useMutation({
    mutationFn: () => csvOf(tradesAsked(filters)),
    onSuccess: (text) => save(text, "trades.csv"),
    onError: (error) => {
      const { title, cause } = said(error);
      say({ icon: "warn", title: `No CSV: ${title.toLowerCase()}`, detail: cause });
    },
  });
  const denied = filters.show === "denied";
  return (
    <Button
      size="s"
      disabled={denied}
      title={
        denied
          ? "Denials have no fills: the file is of fills only"
          : `Fills by these filters, the newest ${MOST} at most`
      }
      onClick={() => asked.mutate()}
      pending={asked.isPending && "Saving..."}
    >
      <Icon name="download" size={14} />
      CSV
    </Button>
  );
}
