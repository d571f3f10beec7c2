/** Events of one frame, handed over together: a burst paints once. */

import type { LiveEvent } from "./connection";

export class Batch {
  private waiting: LiveEvent[] = [];
  private asked = false;

  /**
   * @param apply takes all events since the last frame, in order.
   * @param frame asks for the next frame; a hidden page gets a timer instead, as it paints none.
   */
  constructor(
    private readonly apply: (events: LiveEvent[]) => void,
    private readonly frame: (act: () => void) => void = nextFrame,
  ) {}

  add = (event: LiveEvent): void => {
    this.waiting.push(event);
    if (this.asked) return;
    this.asked = true;
    this.frame(() => {
      const events = this.waiting;
      this.waiting = [];
      this.asked = false;
      this.apply(events);
    });
  };
}

const HIDDEN_MS = 1_000;

function nextFrame(act: () => void): void {
  if (document.hidden) setTimeout(act, HIDDEN_MS);
  else requestAnimationFrame(act);
}
