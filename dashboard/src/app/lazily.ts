import { type ComponentType, lazy, type LazyExoticComponent } from "react";

const NEVER = new Promise<never>(() => undefined);

/**
 * A component that is loaded when it is first drawn.
 *
 * Where its file is gone because the dashboard was built anew, the page is being loaded again
 * (main.tsx): until then nothing is drawn in its place, and no error either.
 *
 * @param load the dynamic import.
 * @param pick the component of what it gives.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a component of any properties
export function lazily<M extends object, C extends ComponentType<any>>(
  load: () => Promise<M>,
  pick: (module: M) => C,
): LazyExoticComponent<C> {
  return lazy(async () => {
    const found = (await load()) as M | undefined; // Vite gives nothing for what it could not load
    return { default: pick(found ?? (await NEVER)) };
  });
}
