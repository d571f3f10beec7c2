/** A finished run as it is shown: with its figures, its label, and the colour of its line. */

import type { Figures } from "./metrics";
import type { Run } from "./runs";

export interface Shown {
  run: Run;
  figures: Figures;
  label: string;
  /** The token of its colour: "--accent". */
  colour: string;
}

export const COLOURS = ["--accent", "--s2"] as const;
