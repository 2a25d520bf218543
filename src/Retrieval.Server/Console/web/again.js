/** Asking again: when the service is back, and when another key was entered. */

import { isAway, ready } from "./api.js";
import { h, renew } from "./dom.js";
import { fault } from "./notices.js";

const EVERY = 2000;

/** The event of the window that another key was entered. */
const REKEYED = "rekeyed";

/** Tells all that is shown that another key was entered. */
export const rekeyed = () => dispatchEvent(new Event(REKEYED));

/**
 * Calls a function whenever another key was entered.
 * @param {() => void} then
 * @param {AbortSignal} signal ends it
 */
export const onRekeyed = (then, signal) => addEventListener(REKEYED, then, { signal });

/** @type {Promise<void> | null} */
let awaited = null;

/** Ends when the service is ready, and not at once. All who wait ask it together. */
export const back = () => awaited ??= untilReady().finally(() => {
  awaited = null;
});

async function untilReady() {
  for (let away = true; away;) {
    await new Promise(done => setTimeout(done, EVERY));
    // Nobody looks at a page in the background.
    away = document.hidden || await ready().then(() => false, isAway);
  }
}

/**
 * Shows an answer, and asks again whenever another key was entered. While the service is away, that stands there, and the page asks
 * until it is back. What else the view holds, as what somebody has typed, is left alone.
 * @param {HTMLElement} place where the reason stands if there is no answer
 * @param {(signal: AbortSignal) => Promise<void>} show
 * @param {AbortSignal} signal ends it
 */
export function lasting(place, show, signal) {
  let latest = new AbortController();
  const run = async () => {
    latest.abort();
    latest = new AbortController();
    const current = AbortSignal.any([signal, latest.signal]);
    for (let again = true; again && !current.aborted;) {
      again = false;
      try {
        await show(current);
      } catch (error) {
        if (!current.aborted) {
          again = isAway(error);
          // What says the same is left alone, so that it is read aloud once: without its trace, another each time.
          renew(place, fault(error, !again), ...again ? [h("p", { class: "faint" }, "The page asks again by itself, and goes on when there is an answer.")] : []);
        }
      }
      if (again) {
        await back();
      }
    }
  };
  onRekeyed(() => void run(), signal);
  return run();
}
