/** A certificate drawn as a seal: proved or not, what was made again, and the hashes. */

import type { Schemas } from "../../api/client";
import { Icon } from "../../components/Icon";
import { Time } from "../../components/values";
import * as format from "../../format/format";
import { type Certificate, type Difference, type Line, proofOf } from "./certificate";
import { Scroll } from "../../components/Scroll";

const SHORT = 16;

export function Seal({ proof }: { proof: Schemas["Verification"] }) {
  const found = proofOf(proof.certificate);
  if (!found) {
    return (
      <p className="text-12 text-muted">
        The certificate of {format.calendarDay(proof.day)} has a form that this page does not know.
      </p>
    );
  }
  return found.kind === "certificate" ? (
    <Proved certificate={found} proof={proof} />
  ) : (
    <Differs difference={found} />
  );
}

function Proved({
  certificate,
  proof,
}: {
  certificate: Certificate;
  proof: Schemas["Verification"];
}) {
  const { day, records, flows } = certificate;
  const states = flows.reduce((sum, flow) => sum + flow.states, 0);
  return (
    <article
      className="rounded-card border border-line-strong bg-inset"
      aria-label={`Certificate of ${format.calendarDay(day)}`}
    >
      <div className="flex items-start gap-4 p-4">
        <span className="grid size-12 flex-none place-items-center rounded-full border-2 border-accent text-accent">
          <Icon name="seal" size={24} />
        </span>
        <div className="min-w-0">
          <h3 className="text-16 font-semibold text-ink">Proved: {format.calendarDay(day)}</h3>
          <p className="text-12 text-muted">
            <span className="num text-ink">{format.counted(records, "record")}</span> of{" "}
            {format.counted(flows.length, "flow")} came out again, byte for byte
            {states > 0 ? `, with ${format.counted(states, "kept state")}` : ""}.
          </p>
        </div>
      </div>
      <p
        className="mono border-y border-line px-4 py-3 [overflow-wrap:anywhere]"
        title="SHA-256 over day, code, settings, inputs and outputs"
      >
        <span className="sr">Proof </span>
        {certificate.proof.match(/.{1,8}/g)?.join(" ")}
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 px-4 py-3 text-12">
        <Fact name="Run">
          <span className="mono">{certificate.run}</span>
        </Fact>
        <Fact name="Code">
          <Hash value={certificate.code} />
        </Fact>
        <Fact name="Settings">
          <Hash value={certificate.settings} />
        </Fact>
        <Fact name="Version">
          {certificate.version}, recorded by {certificate.recordedBy}
        </Fact>
        <Fact name="Asked">
          by {proof.who || "somebody"}, done <Time at={proof.finished_at} style="seconds" />{" "}
          {format.date(proof.finished_at)}
        </Fact>
      </dl>
      <Hashes
        name="Made again"
        flows={flows.map(({ flow, from, lines }) => ({ flow, from, lines }))}
      />
      <Hashes name="Read" flows={[{ flow: "", from: "", lines: certificate.inputs }]} />
    </article>
  );
}

/** Topics with their records and hashes; those without records are counted. */
function Hashes({
  name,
  flows,
}: {
  name: string;
  flows: readonly { flow: string; from: string; lines: readonly Line[] }[];
}) {
  const all = flows.flatMap(({ lines }) => lines);
  const sum = all.reduce((total, { records }) => total + records, 0);
  const bare = all.filter(({ records }) => records === 0).length;
  return (
    <details className="group border-t border-line">
      <summary className="flex min-h-9 cursor-pointer items-center gap-2 px-4 py-2 text-12 font-medium">
        <span className="text-muted group-open:rotate-90">
          <Icon name="right" size={12} />
        </span>
        {name}
        <span className="num font-normal text-muted">
          {format.counted(sum, "record")} in {format.counted(all.length - bare, "topic")}
          {bare > 0 ? `, ${format.count(bare)} had none` : ""}
        </span>
      </summary>
      <Scroll name={`${name}: hashes`} className="pb-2">
        <table className="w-full text-12">
          <thead>
            <tr className="h-6 text-muted">
              <th scope="col" className="pl-4 text-left font-medium">
                Topic
              </th>
              <th scope="col" className="px-2 text-right font-medium">
                Records
              </th>
              <th scope="col" className="pr-4 pl-2 text-left font-medium">
                SHA-256
              </th>
            </tr>
          </thead>
          {flows.map(({ flow, from, lines }) => (
            <tbody key={flow}>
              {flow ? (
                <tr className="h-7">
                  <th
                    scope="rowgroup"
                    colSpan={3}
                    className="px-4 pt-2 text-left font-normal text-muted"
                  >
                    <span className="mono text-ink">{flow}</span>, from {since(from)}
                  </th>
                </tr>
              ) : null}
              {lines
                .filter(({ records }) => records > 0)
                .map(({ topic, records, hash }) => (
                  <tr key={topic} className="h-[22px]">
                    <td className="mono pl-4">{topic}</td>
                    <td className="num px-2 text-right">{format.count(records)}</td>
                    <td className="pr-4 pl-2">
                      <Hash value={hash} />
                    </td>
                  </tr>
                ))}
            </tbody>
          ))}
        </table>
      </Scroll>
    </details>
  );
}

const since = (from: string) =>
  /^\d{4}-/.test(from) ? `the state at the close of ${format.calendarDay(from)}` : from;

/** The first record that is not the same. */
function Differs({ difference }: { difference: Difference }) {
  return (
    <article
      className="rounded-card border border-loss bg-loss-bg p-4"
      aria-label={`No certificate of ${format.calendarDay(difference.day)}`}
    >
      <div className="flex items-start gap-4">
        <span className="grid size-12 flex-none place-items-center rounded-control border-2 border-loss text-loss">
          <Icon name="cross" size={24} />
        </span>
        <div>
          <h3 className="text-16 font-semibold text-ink">
            Not proved: {format.calendarDay(difference.day)}
          </h3>
          <p className="text-12">
            The first difference is in the flow <span className="mono">{difference.flow}</span>,{" "}
            <span className="mono">{difference.where}</span>, field{" "}
            <span className="mono">{difference.field}</span>.
          </p>
        </div>
      </div>
      <dl className="mt-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-12">
        <Fact name="Record">
          <span className="mono [overflow-wrap:anywhere]">{difference.id || "no id"}</span>
        </Fact>
        <Fact name="At">
          <Time at={difference.at} style="seconds" /> {format.date(difference.at)}
        </Fact>
        <Fact name="Recorded">
          <Written>{difference.recorded}</Written>
        </Fact>
        <Fact name="Replayed">
          <Written>{difference.replayed}</Written>
        </Fact>
        {difference.causes.map(({ id, place }) => (
          <Fact key={id} name="Cause">
            <span className="mono [overflow-wrap:anywhere]">{id}</span>{" "}
            <span>{place || "nowhere in the archive"}</span>
          </Fact>
        ))}
      </dl>
    </article>
  );
}

function Written({ children }: { children: string }) {
  return (
    <pre
      className="mono max-h-40 overflow-auto whitespace-pre-wrap [overflow-wrap:anywhere]"
      tabIndex={0}
    >
      {children}
    </pre>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

/** The beginning of a hash, the whole of it when hovered. */
function Hash({ value }: { value: string }) {
  return (
    <span className="mono" title={value}>
      {value.slice(0, SHORT)}
      {value.length > SHORT ? "…" : ""}
    </span>
  );
}
