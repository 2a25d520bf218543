/** Pictures of images. Each has its room before it is there, and keeps it if it never comes. */

import { pictureOf } from "./api.js";
import { h } from "./dom.js";

/**
 * @param {string} id
 * @param {number} width in CSS pixels; twice as many are asked for
 */
export function picture(id, width) {
  const none = () => frame.replaceChildren(h("span", { class: "faint" }, "no picture"));
  const image = h("img", { alt: `Picture of ${id}`, width, height: width, decoding: "async", onerror: none });
  const frame = h("span", { class: "picture" }, image);
  wanted.set(frame, () => pictureOf(id, width * 2).then(source => {
    image.addEventListener("load", () => URL.revokeObjectURL(source));
    image.src = source;
  }, none));
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
