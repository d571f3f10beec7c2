/** The first problem of the system in words, and what was looked at when there is none. */

import type { Schemas } from "../../api/client";
import { brokerName } from "../../app/broker";
import * as format from "../../format/format";

type System = Schemas["System"];

export interface Found {
  problem: { title: string; detail: string; more: number } | null;
  /** What was checked, each in a few words. */
  checked: string[];
}

const TITLES: Record<string, (about: string) => string> = {
  BROKER_AWAY: () => "Kafka does not answer",
  BROKER_DRIFT: (about) => `${brokerName(about)} holds something else than it told of`,
  BROKER_STREAM_DOWN: (about) => `${brokerName(about)} is not heard`,
  BROKER_NOT_RECONCILED: (about) => `${brokerName(about)} is not reconciled`,
  FLOW_DOWN: (about) => `The flow ${about} is down`,
  FLOW_STUCK: (about) => `The flow ${about} is stuck`,
  CLOCK_BEHIND: (about) => `The flow ${about} is behind`,
  FEED_FAILING: (about) => `The feed ${about} fails`,
  NO_BARS: () => "No bars come",
  DEAD_LETTERS: (about) => `Dead letters in ${about}`,
};

/**
 * The API's alerts, the worst first. `letters` is how many dead letters are listed; an alert
 * about them counts a topic's offsets, which grow without letters too, so an empty list overrules it.
 */
export function findProblems(
  system: System,
  letters: { count: number; more: boolean } | null,
): Found {
  const alerts = system.alerts.filter(
    ({ code }) => code !== "DEAD_LETTERS" || letters === null || letters.count > 0,
  );
  const first = alerts[0];
  const problem = first
    ? {
        title: TITLES[first.code]?.(first.about) ?? `${format.words(first.code)}: ${first.about}`,
        detail: first.detail,
        more: alerts.length - 1,
      }
    : null;
  return { problem, checked: [...flows(system), lettersIn(letters), ...feeds(system)] };
}

function flows({ flows, ended }: System): string[] {
  if (ended) return [`${format.counted(flows.length, "flow")} ended`];
  const running = flows.filter(({ state }) => state === "running").length;
  const through = flows.filter(({ state }) => state === "ended").length;
  const said = [`${format.counted(running, "flow")} running`];
  return through ? [...said, `${format.count(through)} through their input`] : said;
}

function lettersIn(letters: { count: number; more: boolean } | null): string {
  if (letters === null) return "dead letters not known yet";
  const { count, more } = letters;
  return more
    ? `${format.count(count)} or more dead letters`
    : format.counted(count, "dead letter");
}

function feeds({ feeds }: System): string[] {
  return feeds.length ? [`${format.counted(feeds.length, "feed")} heard`] : [];
}
