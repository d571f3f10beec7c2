/** Weights in whole per cent that sum to a hundred, whatever slider is moved. */

export type Weights = Readonly<Record<string, number>>;

const ALL = 100;

/** Alike for all, as even as whole numbers allow; the first ones take what is left over. */
export function alike(ids: readonly string[]): Weights {
  return share(
    ALL,
    ids.map((id) => [id, 1]),
  );
}

/** The most that one may have: what the locked others leave. */
export function most(weights: Weights, id: string, locked: ReadonlySet<string>): number {
  let held = 0;
  for (const [other, weight] of Object.entries(weights)) {
    if (other !== id && locked.has(other)) held += weight;
  }
  return ALL - held;
}

/** Whether a slider can move: it is not locked, and another one can give or take. */
export function movable(weights: Weights, id: string, locked: ReadonlySet<string>): boolean {
  return (
    !locked.has(id) && Object.keys(weights).some((other) => other !== id && !locked.has(other))
  );
}

/** One slider moved: what it takes, the others that are not locked give in proportion. */
export function moved(
  weights: Weights,
  id: string,
  to: number,
  locked: ReadonlySet<string> = new Set(),
): Weights {
  if (!(id in weights) || !movable(weights, id, locked)) return weights;
  const limit = most(weights, id, locked);
  const taken = Math.max(0, Math.min(limit, Math.round(to)));
  const others = Object.entries(weights).filter(([other]) => other !== id && !locked.has(other));
  const flat = others.every(([, weight]) => weight === 0);
  const given = share(
    limit - taken,
    others.map(([other, weight]) => [other, flat ? 1 : weight]),
  );
  return { ...weights, ...given, [id]: taken };
}

/** Weights of any sum in whole per cent of it; null where nothing has a weight. */
export function normal(weights: Weights): Weights | null {
  const entries = Object.entries(weights).filter(([, weight]) => weight >= 0);
  if (!entries.some(([, weight]) => weight > 0)) return null;
  return share(ALL, entries);
}

/** A whole amount in proportion to parts; the largest remainders get the last units. */
function share(amount: number, parts: readonly (readonly [string, number])[]): Weights {
  const sum = parts.reduce((total, [, part]) => total + part, 0);
  if (sum <= 0) return {};
  const exact = parts.map(([id, part]) => ({ id, exact: (amount * part) / sum }));
  const found = new Map(exact.map(({ id, exact: own }) => [id, Math.floor(own)]));
  let left = amount - [...found.values()].reduce((total, own) => total + own, 0);
  const byRest = [...exact].sort(
    (one, other) => other.exact - Math.floor(other.exact) - (one.exact - Math.floor(one.exact)),
  );
  for (const { id } of byRest) {
    if (left <= 0) break;
    found.set(id, (found.get(id) ?? 0) + 1);
    left -= 1;
  }
  return Object.fromEntries(parts.map(([id]) => [id, found.get(id) ?? 0]));
}
