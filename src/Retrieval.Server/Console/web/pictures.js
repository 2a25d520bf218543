/** Pictures of images. Each has its room before it is there, and keeps it if it never comes. */

import { back } from "./again.js";
import { isAway, pictureFault, pictureOf } from "./api.js";
import { h } from "./dom.js";

/**
 * @param {string} id
 * @param {number} width in CSS pixels; twice as many are asked for
 */
export function picture(id, width) {
  const image = h("img", { alt: `Picture of ${id}`, width, height: width, decoding: "async" });
  const frame = h("span", { class: "picture" }, image);
  const load = async () => {
    // Of a view that was left nobody waits for a picture.
    for (let again = true; again && frame.isConnected;) {
      try {
        const source = await pictureOf(id, width * 2);
        image.src = source;
        await image.decode().finally(() => URL.revokeObjectURL(source));
        image.classList.add("there");
        return;
      } catch (error) {
        image.removeAttribute("src");
        again = isAway(await pictureFault(id, error));
      }
      if (again) {
        await back();
      }
    }
    frame.replaceChildren(h("span", { class: "faint" }, "no picture"));
  };
  wanted.set(frame, () => void load());
  near.observe(frame);
  return frame;
}

/** How each picture that is not there yet is fetched. @type {WeakMap<Element, () => void>} */
const wanted = new WeakMap();

/** Fetches pictures that are looked at, or nearly: of a thousand hits nobody sees all. */
const near = new IntersectionObserver(entries => {
  for (const { target } of entries.filter(entry => entry.isIntersecting)) {
    near.unobserve(target);
    wanted.get(target)?.();
    wanted.delete(target);
  }
}, { rootMargin: "400px" });
