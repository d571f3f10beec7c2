/** The fills that the filters ask for, as a file. */

import { api, dataOf } from "../../api/client";
import type { TradesAsked } from "../../api/queries";

/** The most that the API gives at once. */
export const MOST = 500;

/** Asks for the newest fills as CSV. */
export async function csvOf(asked: TradesAsked): Promise<string> {
  const params = { query: { ...asked, format: "csv" as const, limit: MOST } };
  return (await dataOf(api.GET("/api/trades", { params, parseAs: "text" }))) as string;
}

/** Lets the browser save a text as a file. */
export function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
