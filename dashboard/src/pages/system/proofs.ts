/** Proofs that were asked for, the newest first, and the days that may be. */

import { queryOptions } from "@tanstack/react-query";

import { type Schemas, api, dataOf } from "../../api/client";

export type Proof = Schemas["Verification"];

const EVERY_MS = 2_000;

export const unfinished = ({ status }: Pick<Proof, "status">): boolean =>
  status === "queued" || status === "running";

export const proofsQuery = () =>
  queryOptions({
    queryKey: ["verifications"],
    queryFn: () => dataOf(api.GET("/api/replay/verify", { params: { query: { limit: 20 } } })),
    refetchInterval: ({ state }) => (state.data?.verifications.some(unfinished) ? EVERY_MS : false),
  });

/** What a proof came to, in a word, with the dot that says it by shape. */
export function wordOf(proof: Pick<Proof, "status" | "proved">): { word: string; dot: string } {
  if (proof.status === "finished") {
    return proof.proved ? { word: "Proved", dot: "good" } : { word: "Not proved", dot: "bad" };
  }
  if (proof.status === "failed") return { word: "Failed", dot: "bad" };
  const words = { queued: "Queued", running: "Running", cancelled: "Cancelled" };
  return { word: words[proof.status], dot: "" };
}
