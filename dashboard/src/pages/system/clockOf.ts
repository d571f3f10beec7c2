/** The API's flow clocks: RFC 3339, or as they once were, UTC without a zone. */

import { millis } from "../../format/format";

const ZONED = /(Z|[+-]\d\d:?\d\d)$/;

export function clockOf(text: string | null | undefined): number | null {
  if (!text) return null;
  return millis(ZONED.test(text) ? text : `${text.replace(" ", "T")}Z`);
}
