/** An image's regions: boxes over its picture, boxes alone where there is no picture, a list where there are no boxes. */

/** @import { Explanation } from "./types.js" */
import { pictureOf } from "./api.js";
import { h, svg } from "./dom.js";

/**
 * The regions as elements that can be pointed at, in their order, and what holds them.
 * @param {Explanation["image"]} image
 * @param {number} count
 * @param {boolean} pictures
 * @returns {{ holder: HTMLElement, regions: (HTMLElement | SVGElement)[] }}
 */
export function regionsOf(image, count, pictures) {
  if (!image.boxes) {
    const regions = Array.from({ length: count }, (_, place) => h("button", { type: "button", class: "region" }, place + 1));
    return { holder: h("div", {}, h("p", { class: "faint" }, "The image has no boxes: its regions are listed."), h("div", { class: "regionlist" }, ...regions)), regions };
  }
  const { left, top, width, height } = extentOf(image.boxes, image.size);
  const frame = svg("svg", { class: "boxes", viewBox: "0 0 1000 " + Math.round(1000 * height / width), role: "group", "aria-label": "Regions of the image" });
  /** @param {number} value */
  const scaled = value => 1000 * value / width;
  if (pictures && image.id !== null && image.size) {
    const shown = svg("image", { href: pictureOf(image.id), width: 1000, height: scaled(height), preserveAspectRatio: "none" });
    shown.addEventListener("error", () => shown.remove());
    frame.append(shown);
  }
  const regions = image.boxes.map(([x1 = 0, y1 = 0, x2 = 0, y2 = 0], place) => svg("rect", {
    class: "region", role: "button", "aria-label": `Region ${place + 1}`, "data-area": (x2 - x1) * (y2 - y1),
    x: scaled(x1 - left), y: scaled(y1 - top), width: Math.max(1, scaled(x2 - x1)), height: Math.max(1, scaled(y2 - y1)) }));
  // The smallest on top: a box within another can be pointed at.
  frame.append(...[...regions].sort((a, b) => Number(b.dataset["area"]) - Number(a.dataset["area"])));
  return { holder: h("div", { class: "canvas" }, frame), regions };
}

/**
 * The picture's size in the unit of the boxes; if that is unknown, the room that the boxes take.
 * @param {number[][]} boxes
 * @param {{ width: number, height: number } | null} size
 */
function extentOf(boxes, size) {
  if (size) {
    return { left: 0, top: 0, width: size.width, height: size.height };
  }
  /** @param {number} corner */
  const all = corner => boxes.map(box => box[corner] ?? 0);
  const left = Math.min(...all(0)), top = Math.min(...all(1));
  return { left, top, width: Math.max(...all(2)) - left || 1, height: Math.max(...all(3)) - top || 1 };
}
