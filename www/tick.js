// One clock for everything that changes with time alone. It stands still while nobody looks.

const EVERY = 100;

/** Calls `draw(now)` ten times a second while the page is visible. */
export function onTick(draw) {
  setInterval(() => {
    if (!document.hidden) draw(performance.now());
  }, EVERY);
}

/** Whether the visitor asked for less motion, asked anew each time. */
export function isMotionWanted() {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
