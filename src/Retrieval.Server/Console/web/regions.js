/** An image's regions: boxes over its picture, boxes alone where there is no picture, a list where there are no boxes. */

/** @import { Explanation } from "./types.js" */
import { pictureOf } from "./api.js";
import { h, svg } from "./dom.js";

/** Width of the drawing in its own unit. */
const WIDE = 1000;

/** Boxes are kept as float32, and detectors round. */
const ROUNDING = 0.01;

/**
 * The regions as elements that can be pointed at, in their order, and what holds them.
 * @param {Explanation["image"]} image
 * @param {number} count
 * @param {boolean} pictures
 * @returns {Promise<{ holder: HTMLElement, regions: (HTMLElement | SVGElement)[] }>}
 */
export async function regionsOf(image, count, pictures) {
  const shown = pictures && image.id !== null ? await load(image.id) : null;
  if (!image.boxes) {
    const regions = Array.from({ length: count }, (_, place) => h("button", { type: "button", class: "region" }, place + 1));
    return { holder: h("div", {}, shown ? h("div", { class: "canvas" }, shown) : null,
      h("p", { class: "faint" }, "The image has no boxes: its regions are listed."), h("div", { class: "regionlist" }, ...regions)), regions };
  }
  const { left, top, width, height } = extentOf(image.boxes, image.size, shown);
  const tall = Math.round(WIDE * (shown ? shown.naturalHeight / shown.naturalWidth : height / width));
  const frame = svg("svg", { class: "boxes", viewBox: `0 0 ${WIDE} ${tall}`, role: "group", "aria-label": "Regions of the image" },
    shown ? svg("image", { href: shown.src, width: WIDE, height: tall, preserveAspectRatio: "none" }) : null);
  const x = WIDE / width, y = tall / height;
  const regions = image.boxes.map(([x1 = 0, y1 = 0, x2 = 0, y2 = 0], place) => svg("rect", {
    class: "region", role: "button", "aria-label": `Region ${place + 1}`, "data-area": (x2 - x1) * (y2 - y1),
    x: (x1 - left) * x, y: (y1 - top) * y, width: Math.max(1, (x2 - x1) * x), height: Math.max(1, (y2 - y1) * y) }));
  // The smallest on top: a box within another can be pointed at.
  frame.append(...[...regions].sort((a, b) => Number(b.dataset["area"]) - Number(a.dataset["area"])));
  return { holder: h("div", { class: "canvas" }, frame), regions };
}

/**
 * The picture, or null if there is none to be had.
 * @param {string} id
 */
async function load(id) {
  const shown = h("img", { alt: "" });
  try {
    shown.src = await pictureOf(id);
    await shown.decode();
    return shown;
  } catch {
    return null;
  }
}

/**
 * The part of the plane that the picture takes, in the unit of the boxes: the size that came with the image; the unit square, if
 * no box leaves it; the picture's own size in pixels; without a picture, the room that the boxes take.
 * @param {number[][]} boxes
 * @param {{ width: number, height: number } | null} size
 * @param {HTMLImageElement | null} shown
 */
function extentOf(boxes, size, shown) {
  const corners = boxes.flat();
  if (size) {
    return { left: 0, top: 0, ...size };
  }
  if (corners.every(corner => corner >= -ROUNDING && corner <= 1 + ROUNDING)) {
    return { left: 0, top: 0, width: 1, height: 1 };
  }
  if (shown) {
    return { left: 0, top: 0, width: shown.naturalWidth, height: shown.naturalHeight };
  }
  const [left, top, right, bottom] = /** @type {[number, number, number, number]} */ ([0, 1, 2, 3].map(corner =>
    boxes.map(box => box[corner] ?? 0).reduce((a, b) => (corner < 2 ? Math.min(a, b) : Math.max(a, b)))));
  return { left, top, width: right - left || 1, height: bottom - top || 1 };
}
