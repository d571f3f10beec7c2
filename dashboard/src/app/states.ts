/** The trading states, as people read them, and what each still lets through. */

import type { Schemas } from "../api/client";

export type TradingState = Schemas["Portfolio"]["state"];
export type Act = "pause" | "reduce" | "halt" | "flatten" | "resume";

export const STATES: Record<
  TradingState,
  { name: string; pill: string; dot: string; says: string }
> = {
  ACTIVE: { name: "Active", pill: "", dot: "good", says: "Entries and exits are traded." },
  PAUSED: {
    name: "Paused",
    pill: "warn",
    dot: "warn",
    says: "No new entries; entries already sent stay open. Exits and stops trade.",
  },
  REDUCING: {
    name: "Reducing",
    pill: "warn",
    dot: "warn",
    says: "No entries, and open ones are cancelled. Exits and stops trade.",
  },
  HALTED: {
    name: "Halted",
    pill: "bad",
    dot: "bad",
    says: "Nothing is traded on a signal, in or out. Stops still sell.",
  },
};

/** The choices of the Halt dialog by harm, the mildest first. */
export const CHOICES: readonly {
  act: Exclude<Act, "resume">;
  name: string;
  leads: TradingState;
}[] = [
  { act: "pause", name: "Pause entries", leads: "PAUSED" },
  { act: "reduce", name: "Reduce", leads: "REDUCING" },
  { act: "halt", name: "Halt", leads: "HALTED" },
  { act: "flatten", name: "Flatten all", leads: "HALTED" },
];
