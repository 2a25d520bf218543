/** Pictures of images. Each has its room before it is there, and keeps it if it never comes. */

import { pictureOf } from "./api.js";
import { h } from "./dom.js";

/**
 * @param {string} id
 * @param {number} width in CSS pixels; twice as many are asked for
 */
export function picture(id, width) {
  const none = () => frame.replaceChildren(h("span", { class: "faint" }, "no picture"));
  const image = h("img", { alt: `Picture of ${id}`, width, height: width, loading: "lazy", decoding: "async", onerror: none });
  const frame = h("span", { class: "picture" }, image);
  pictureOf(id, width * 2).then(source => {
    image.addEventListener("load", () => URL.revokeObjectURL(source));
    image.src = source;
  }, none);
  return frame;
}
