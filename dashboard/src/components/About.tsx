/** How an article is about a ticker, where its text does not name the company. */

import type { Schemas } from "../api/client";
import { Badge } from "./values";

type How = Schemas["Score"]["about"];

const WHY = {
  beside: "Its feed tags the ticker, and its title names other companies: this score never votes",
  tagged: "Its feed tags the ticker, and its text names no company",
};

export function About({ about }: { about: How }) {
  if (about !== "beside" && about !== "tagged") return null;
  return <Badge title={WHY[about]}>{about === "beside" ? "Tagged only" : "By its feed"}</Badge>;
}
