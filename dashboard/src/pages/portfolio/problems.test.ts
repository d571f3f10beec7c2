import { describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { findProblems } from "./problems";

const none = { count: 0, more: false };
const flow = (state: string) => ({ flow: "trade", state }) as Schemas["Flow"];
const system = (more: Partial<Schemas["System"]>) =>
  ({ ended: false, flows: [], feeds: [], alerts: [], ...more }) as Schemas["System"];
const alert = (code: string, about: string) => ({
  code,
  about,
  severity: "critical" as const,
  detail: "It is silent.",
});

describe("the line of attention", () => {
  it("says what was checked when all is clear", () => {
    const flows = [flow("running"), flow("running"), flow("ended")];
    const found = findProblems(system({ flows }), none);
    expect(found.problem).toBeNull();
    expect(found.checked).toEqual(["2 flows running", "1 through their input", "0 dead letters"]);
    expect(findProblems(system({ flows, ended: true }), none).checked[0]).toBe("3 flows ended");
    expect(findProblems(system({}), { count: 50, more: true }).checked).toContain(
      "50 or more dead letters",
    );
  });

  it("says the first problem in words, and how many follow", () => {
    const alerts = [alert("FLOW_DOWN", "trade"), alert("FEED_FAILING", "sec")];
    expect(findProblems(system({ alerts }), none).problem).toEqual({
      title: "The flow trade is down",
      detail: "It is silent.",
      more: 1,
    });
    const unknown = findProblems(system({ alerts: [alert("DISK_FULL", "/var")] }), none);
    expect(unknown.problem?.title).toBe("Disk full: /var");
  });

  it("believes an alert about dead letters only while there are some, or it is not known", () => {
    const alerts = [alert("DEAD_LETTERS", "news.raw.dlq")];
    expect(findProblems(system({ alerts }), none).problem).toBeNull();
    for (const letters of [null, { count: 1, more: false }]) {
      const { problem } = findProblems(system({ alerts }), letters);
      expect(problem?.title).toBe("Dead letters in news.raw.dlq");
    }
  });
});
