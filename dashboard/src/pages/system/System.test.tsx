import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { api } from "../../api/client";
import { type Answers, shown } from "../../test/render";
import { worstFirst } from "./Alerts";
import { proofOf } from "./certificate";
import { decoded } from "./payload";
import System from "./System";

const FLOW = {
  flow: "market",
  state: "running",
  lag: 3,
  clock: "2025-03-14T21:00:00Z",
  clock_age_s: null,
  epoch_age_s: 0.42,
  restarts: 1,
};
const TOPIC = {
  topic: "market.bars",
  records: 23_400,
  newest: "2026-11-28T05:50:07Z",
  rate: 0.5,
  delay_ms_p50: null,
  delay_ms_p99: null,
};
const SYSTEM = {
  version: "0.2.0",
  run: "20261128-054956-709",
  live: false,
  ended: false,
  flows: [FLOW, { ...FLOW, flow: "news", clock: null, epoch_age_s: null }],
  feeds: [],
  topics: [TOPIC, { ...TOPIC, topic: "news.raw.dlq", records: 0, rate: 0 }],
  alerts: [],
};
const LETTER = {
  id: "dlq-1",
  at: "2026-03-12T13:50:00Z",
  reason: "MALFORMED",
  detail: "volume: Input should be positive",
  topic: "market.feed.dlq",
  partition: 2,
  offset: 61,
  size: 24,
  payload: btoa('<script>alert("x")</script>'),
};
const HASH = "47a0dfdf91be338c6c893988330d6b0c624c64a552d5fa6d9b712a911fc9739f";
const CERTIFICATE = {
  run: "r",
  day: "2025-03-12",
  proof: HASH,
  code: HASH,
  settings: HASH,
  version: "0.2.0",
  recorded_by: "0.1.0",
  facts: { "market.bars": 7_800, "account.resets": 0 },
  inputs: { "market.bars": HASH, "account.resets": HASH },
  flows: {
    trade: { opened: { all: "2025-03-11" }, records: { positions: 110 }, outputs: {}, states: 1 },
    learn: { opened: { all: "" }, records: { "learning.outcomes": 52 }, outputs: {}, states: 1 },
  },
};
const PROOF = {
  run_id: "job-1",
  status: "finished",
  day: "2025-03-12",
  who: "ada",
  requested_at: "2026-11-28T05:50:34Z",
  started_at: "2026-11-28T05:50:34Z",
  finished_at: "2026-11-28T05:50:37Z",
  error: "",
  proved: true,
  certificate: CERTIFICATE,
};

interface Told {
  system?: unknown;
  letters?: unknown[];
  proofs?: (typeof PROOF)[];
  days?: string[];
  role?: string;
}

function page(told: Told = {}, path = "/system") {
  const { system = SYSTEM, letters = [], proofs = [], days = ["2025-03-12"], role } = told;
  const answers: Answers = [
    [["me"], { name: "ada", role: role ?? "trader", live: false }],
    [["system"], system],
    [["broker"], { mode: "paper", broker: null }],
    [["dead-letters"], { pages: [{ dead_letters: letters, cursor: null }], pageParams: [""] }],
    [["verifications"], { verifications: proofs, days }],
    ...proofs.map((proof) => [["verification", proof.run_id], proof] as const),
  ];
  return shown(<System />, answers, path);
}

const said = (element: HTMLElement) => element.textContent;

describe("system", () => {
  afterEach(() => vi.restoreAllMocks());

  it("says in a word that nothing is wrong", () => {
    page();
    expect(screen.getByText("2 of 2 flows running")).toBeTruthy();
    expect(screen.queryByRole("heading", { name: "To look at" })).toBeNull();
  });

  it("puts alerts first, the worst on top, in words", () => {
    const alerts = [
      { code: "DEAD_LETTERS", severity: "warning", about: "news.feed.dlq", detail: "3 of them." },
      { code: "FLOW_DOWN", severity: "critical", about: "trade", detail: "It is failed." },
      { code: "NEW_ONE", severity: "warning", about: "x", detail: "What it is." },
    ] as const;
    page({ system: { ...SYSTEM, alerts } });
    expect(screen.getByText("3 things to look at")).toBeTruthy();
    const list = screen.getByRole("region", { name: "To look at" });
    const items = within(list).getAllByRole("listitem").map(said);
    expect(items[0]).toMatch(/Critical: The flow trade is down/);
    expect(items[1]).toMatch(/Warning: New dead letters in news.feed.dlq/);
    expect(items[2]).toMatch(/New one: x/);
    expect(worstFirst(alerts)[0]?.code).toBe("FLOW_DOWN");
  });

  it("shows flows by word and dot; what is not known is a dash with its reason", () => {
    page();
    const rows = within(screen.getByRole("region", { name: "Table of flows" })).getAllByRole("row");
    expect(said(rows[1] as HTMLElement)).toMatch(/marketRunning3.*0\.41/);
    expect(said(rows[2] as HTMLElement)).toMatch(/read nothing yet/);
    expect(screen.queryByRole("columnheader", { name: /Clock age/ })).toBeNull();
  });

  it("has clock ages and delays of a live run only", () => {
    const live = { ...FLOW, clock_age_s: 0.2 };
    const topics = [{ ...TOPIC, delay_ms_p50: 12, delay_ms_p99: 80 }];
    page({ system: { ...SYSTEM, live: true, flows: [live], topics } });
    expect(screen.getByRole("columnheader", { name: /Clock age/ })).toBeTruthy();
    const rows = within(screen.getByRole("region", { name: "Table of topics" })).getAllByRole(
      "row",
    );
    expect(said(rows[1] as HTMLElement)).toMatch(/30\.01280/);
  });

  it("folds topics of dead letters that have none", async () => {
    page();
    expect(screen.queryByText("news.raw.dlq")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Show them" }));
    expect(screen.getByText("news.raw.dlq")).toBeTruthy();
  });

  it("opens a dead letter's payload as text, cut, and never as markup", async () => {
    const long = { ...LETTER, id: "dlq-2", payload: btoa("x".repeat(3_000)) };
    page({ letters: [LETTER, long] });
    const button = screen.getByRole("button", { name: "Payload of dlq-1" });
    expect(button.getAttribute("aria-expanded")).toBe("false");
    await userEvent.click(button);
    expect(button.getAttribute("aria-expanded")).toBe("true");
    expect(screen.getByText('<script>alert("x")</script>').tagName).toBe("PRE");
    expect(document.querySelector("pre script")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Payload of dlq-2" }));
    await userEvent.click(screen.getByRole("button", { name: /Show all 3,000/ }));
    expect(screen.getByText("x".repeat(3_000))).toBeTruthy();
  });

  it("says that every record could be used", () => {
    page();
    expect(screen.getByText("Every record could be used")).toBeTruthy();
  });
});

describe("a replay proof", () => {
  afterEach(() => vi.restoreAllMocks());

  it("waits for the first archived day", () => {
    page({ days: [] });
    expect(screen.getByText("No archived day yet")).toBeTruthy();
  });

  it("is a seal, with what was made again and the hashes", () => {
    page({ proofs: [PROOF] });
    const seal = screen.getByRole("article", { name: "Certificate of 12 Mar 2025" });
    expect(said(seal)).toMatch(/Proved: 12 Mar 2025162 records of 2 flows.*2 kept states/);
    expect(said(seal)).toMatch(/47a0dfdf 91be338c/);
    expect(said(seal)).toMatch(/the state at the close of 11 Mar 2025/);
    expect(said(seal)).toMatch(/7,800 records in 1 topic, 1 had none/);
  });

  it("says where a day is not the same", () => {
    const difference = {
      run: "r",
      day: "2025-03-12",
      flow: "trade",
      where: "orders.requested",
      stamp: 1_741_800_000_000_000,
      id: "ord-1",
      field: "qty",
      recorded: 10,
      replayed: { qty: 11 },
      causes: { "sig-1": "signals.generated 5" },
    };
    page({ proofs: [{ ...PROOF, proved: false, certificate: difference as never }] });
    const article = screen.getByRole("article", { name: "No certificate of 12 Mar 2025" });
    expect(said(article)).toMatch(
      /Not proved.*trade.*orders.requested.*qty.*ord-1.*10.*11.*sig-1/s,
    );
  });

  it("is asked for once, with a key, and watched", async () => {
    const taken = { data: { run_id: "job-2", status: "queued" } };
    const asked = vi.spyOn(api, "POST").mockResolvedValue(taken as never);
    const waiting = {
      ...PROOF,
      run_id: "job-2",
      status: "queued",
      proved: null,
      certificate: null,
    };
    vi.spyOn(api, "GET").mockImplementation(((asking: string) =>
      Promise.resolve({
        data: asking.endsWith("{run_id}") ? waiting : { verifications: [waiting], days: [] },
      })) as never);
    page();
    await userEvent.click(screen.getByRole("button", { name: "Prove this day" }));
    const [path, sent] = asked.mock.calls[0] as unknown as [string, Record<string, unknown>];
    expect(path).toBe("/api/replay/verify");
    expect(sent["body"]).toEqual({ day: "2025-03-12" });
    expect(sent["params"]).toMatchObject({ header: { "Idempotency-Key": expect.any(String) } });
    expect(await screen.findByText(/waits for its turn/)).toBeTruthy();
  });

  it("is for traders", () => {
    page({ role: "viewer" });
    const button = screen.getByRole("button", { name: "Prove this day" });
    expect(button).toHaveProperty("disabled", true);
    expect(button.title).toMatch(/trader or owner/);
  });

  it("lists the others, the newest shown, any by its button", async () => {
    const failed = {
      ...PROOF,
      run_id: "job-0",
      status: "failed",
      proved: null as never,
      certificate: null as never,
      error: "no archive",
    };
    page({ proofs: [PROOF, failed] });
    const list = screen.getByRole("region", { name: "Table of proofs" });
    expect(said(list)).toMatch(/Provedshown above.*Failed/);
    await userEvent.click(within(list).getAllByRole("button")[1] as HTMLElement);
    expect(screen.getByRole("alert").textContent).toMatch(/ended without an answer. no archive/);
  });
});

describe("what machines wrote", () => {
  it("is decoded as UTF-8, or said to be none", () => {
    expect(decoded(btoa('{"a":1}'))).toEqual({ text: '{"a":1}', bytes: 7, broken: false });
    expect(decoded(btoa("\u00ff\u00fe")).broken).toBe(true);
    expect(decoded("not base64!").broken).toBe(true);
    expect(decoded("").text).toBe("");
  });

  it("cannot hide or turn text", () => {
    const bytes = new TextEncoder().encode("a\u202eb\u0007");
    expect(decoded(btoa(String.fromCharCode(...bytes))).text).toBe("a\\u202eb\\u0007");
  });

  it("is neither a certificate nor a difference: said so", () => {
    expect(proofOf(null)).toBeNull();
    expect(proofOf({ something: "else" })).toBeNull();
    const found = proofOf({ proof: "ab", flows: { x: null }, facts: 3 });
    expect(found?.kind === "certificate" && found.records).toBe(0);
  });
});
