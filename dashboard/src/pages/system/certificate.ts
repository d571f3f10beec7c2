/** A proof's answer, read from what the API hands through: a certificate, or a difference. */

type Json = Record<string, unknown>;

export interface Line {
  topic: string;
  records: number;
  hash: string;
}

export interface FlowProof {
  flow: string;
  /** "the first record", or the day whose closing state it began with. */
  from: string;
  states: number;
  lines: Line[];
}

export interface Certificate {
  kind: "certificate";
  run: string;
  day: string;
  proof: string;
  code: string;
  settings: string;
  version: string;
  recordedBy: string;
  inputs: Line[];
  flows: FlowProof[];
  /** Records made again, of all flows. */
  records: number;
}

export interface Difference {
  kind: "difference";
  run: string;
  day: string;
  flow: string;
  where: string;
  /** Milliseconds; null where none is told. */
  at: number | null;
  id: string;
  field: string;
  recorded: string;
  replayed: string;
  causes: { id: string; place: string }[];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** Null: neither, a newer API's perhaps. */
export function proofOf(told: Json | null): Certificate | Difference | null {
  if (!told) return null;
  if (text(told["proof"])) return certificateOf(told);
  return text(told["field"]) ? differenceOf(told) : null;
}

/** Topics with records first, in their order; those without any come last. */
function linesOf(counts: Json, hashes: Json): Line[] {
  const lines = Object.keys({ ...counts, ...hashes }).map((topic) => ({
    topic,
    records: number(counts[topic]),
    hash: text(hashes[topic]),
  }));
  return [
    ...lines.filter(({ records }) => records > 0),
    ...lines.filter(({ records }) => !records),
  ];
}

function certificateOf(told: Json): Certificate {
  const flows = Object.entries(object(told["flows"])).map(([flow, value]) => {
    const own = object(value);
    const opened = [...new Set(Object.values(object(own["opened"])).map(text))].sort();
    return {
      flow,
      from: opened.at(-1) || "the first record",
      states: number(own["states"]),
      lines: linesOf(object(own["records"]), object(own["outputs"])),
    };
  });
  const records = flows.flatMap(({ lines }) => lines).reduce((sum, line) => sum + line.records, 0);
  return {
    kind: "certificate",
    run: text(told["run"]),
    day: text(told["day"]),
    proof: text(told["proof"]),
    code: text(told["code"]),
    settings: text(told["settings"]),
    version: text(told["version"]),
    recordedBy: text(told["recorded_by"]),
    inputs: linesOf(object(told["facts"]), object(told["inputs"])),
    flows,
    records,
  };
}

function differenceOf(told: Json): Difference {
  const stamp = number(told["stamp"]);
  return {
    kind: "difference",
    run: text(told["run"]),
    day: text(told["day"]),
    flow: text(told["flow"]),
    where: text(told["where"]),
    at: stamp > 0 ? stamp / 1_000 : null, // microseconds
    id: text(told["id"]),
    field: text(told["field"]),
    recorded: written(told["recorded"]),
    replayed: written(told["replayed"]),
    causes: Object.entries(object(told["causes"])).map(([id, place]) => ({
      id,
      place: text(place),
    })),
  };
}

function written(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}
