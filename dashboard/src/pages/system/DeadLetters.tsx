/** What could not be used, newest first: why, where it is kept, and what was sent. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import type { Schemas } from "../../api/client";
import { deadLettersQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { More, Panel } from "../../components/Panel";
import { Badge, Time } from "../../components/values";
import * as format from "../../format/format";
import { decoded } from "./payload";
import { Scroll } from "../../components/Scroll";

type Letter = Schemas["DeadLetter"];

const SHOWN_AT_FIRST = 2_000;

export function DeadLetters() {
  const query = useInfiniteQuery(deadLettersQuery());
  const [search, setSearch] = useSearchParams();
  const letters = query.data?.pages.flatMap(({ dead_letters }) => dead_letters) ?? [];
  const open = search.get("letter");
  const toggle = (id: string) =>
    setSearch(
      (old) => {
        const next = new URLSearchParams(old);
        if (open === id) next.delete("letter");
        else next.set("letter", id);
        return next;
      },
      { replace: true },
    );
  return (
    <Panel
      title="Dead letters"
      query={query}
      height={180}
      meta={letters.length > 0 ? reasonsSaid(letters) : undefined}
      empty={{
        when: ({ pages }) => pages.every(({ dead_letters }) => dead_letters.length === 0),
        title: "Every record could be used",
        next: "What is malformed, a duplicate, or from the future would be here, with what was sent.",
      }}
      footer={letters.length > 0 ? <More query={query} none="That is every dead letter." /> : null}
    >
      {() => (
        <Scroll name="Table of dead letters">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">
                  Time <span className="u">{format.zone(letters[0]?.at)}</span>
                </th>
                <th scope="col">Reason</th>
                <th scope="col" className="w-full">
                  Detail
                </th>
                <th scope="col" className="p3">
                  Topic
                </th>
                <th scope="col" className="r p3">
                  Partition
                </th>
                <th scope="col" className="r p2">
                  Offset
                </th>
              </tr>
            </thead>
            <tbody>
              {letters.map((letter) => (
                <Row
                  key={letter.id}
                  letter={letter}
                  open={open === letter.id}
                  onToggle={() => toggle(letter.id)}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

/** "8 shown: 4 MALFORMED, 1 FUTURE". */
function reasonsSaid(letters: readonly Letter[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, 4)
    .map(([reason, number]) => `${format.count(number)} ${format.words(reason).toLowerCase()}`);
  return `${format.count(letters.length)} shown: ${parts.join(", ")}`;
}

interface RowProps {
  letter: Letter;
  open: boolean;
  onToggle: () => void;
}

function Row({ letter, open, onToggle }: RowProps) {
  const id = `letter-${letter.id}`;
  return (
    <>
      <tr className={open ? "row open" : "row"}>
        <td>
          <button
            type="button"
            className="disc"
            aria-expanded={open}
            aria-controls={id}
            aria-label={`Payload of ${letter.id}`}
            onClick={onToggle}
          >
            <Icon name="right" size={12} />
          </button>
          <Time at={letter.at} style="seconds" />{" "}
          <span className="text-muted p2">{format.day(letter.at)}</span>
        </td>
        <td>
          <Badge tone="code" title={format.words(letter.reason)}>
            {letter.reason}
          </Badge>
        </td>
        <td className="max-w-0">
          <span className="block truncate" title={letter.detail}>
            {letter.detail}
          </span>
        </td>
        <td className="mono p3">{letter.topic}</td>
        <td className="r p3 mono">{letter.partition}</td>
        <td className="r p2 mono">{letter.offset}</td>
      </tr>
      {open ? (
        <tr className="detail" id={id}>
          <td colSpan={6}>
            <Sent letter={letter} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** What was sent, as text, and where it is kept. */
function Sent({ letter }: { letter: Letter }) {
  const [whole, showWhole] = useState(false);
  const { text, bytes, broken } = decoded(letter.payload);
  const cut = !whole && text.length > SHOWN_AT_FIRST;
  return (
    <div className="grid gap-4 p-4 md:grid-cols-[minmax(0,1fr)_236px] md:pl-10">
      <div className="grid min-w-0 content-start gap-2">
        <pre
          className="mono max-h-80 overflow-auto whitespace-pre-wrap text-12 [overflow-wrap:anywhere]"
          tabIndex={0}
          role="region"
          aria-label="Payload"
        >
          {text === "" ? "(nothing was sent)" : cut ? `${text.slice(0, SHOWN_AT_FIRST)}…` : text}
        </pre>
        {cut ? (
          <Button size="s" className="justify-self-start" onClick={() => showWhole(true)}>
            Show all {format.count(text.length)} characters
          </Button>
        ) : null}
      </div>
      <dl className="kv">
        <Fact name="Why">{letter.detail || format.words(letter.reason)}</Fact>
        <Fact name="Record">
          <span className="mono">{letter.id}</span>
        </Fact>
        <Fact name="Kept in">
          <span className="mono">{letter.topic}</span>
        </Fact>
        <Fact name="Partition, offset">
          <span className="mono">
            {letter.partition}, {letter.offset}
          </span>
        </Fact>
        <Fact name="Size">
          {format.counted(letter.size, "byte")}
          {bytes < letter.size ? `, the first ${format.count(bytes)} here` : ""}
        </Fact>
        <Fact name="Effect">{broken ? "Not UTF-8; left out, counted" : "Left out, counted"}</Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="whitespace-nowrap">{name}</dt>
      <dd className="min-w-0 text-right [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}
