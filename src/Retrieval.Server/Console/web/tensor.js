/** Reads an explainer's output by its axes. It knows no model: names, kinds and shapes come with the answer. */

/** @import { Output } from "./types.js" */

/** What an axis runs over, where a person can point at it. */
/** @typedef {"words" | "regions"} Things */

const POINTABLE = new Set(["words", "regions", "nodes"]);

/** Axes that run over words or regions, by their places; a node is the whole pair, or a word. @param {Output} output */
export const thingAxes = output => output.axes.flatMap((axis, place) => (POINTABLE.has(axis) ? [place] : []));

/** The other axes: steps, channels, members. @param {Output} output */
export const fixedAxes = output => output.axes.flatMap((axis, place) => (POINTABLE.has(axis) ? [] : [place]));

/** What can be pointed at on an axis. @param {string} axis @returns {Things} */
export const thingsOf = axis => (axis === "regions" ? "regions" : "words");

/** How much later a word stands on an axis of nodes: node 0 is the whole pair. @param {string} axis */
const shiftOf = axis => (axis === "nodes" ? 1 : 0);

/**
 * One number.
 * @param {Output} output
 * @param {number[]} at an index for each axis
 */
export function valueAt(output, at) {
  let flat = 0;
  output.shape.forEach((size, axis) => {
    flat = flat * size + (at[axis] ?? 0);
  });
  return output.values[flat] ?? 0;
}

/**
 * The values along one axis, without that of the whole pair; all other axes are held.
 * @param {Output} output
 * @param {number} axis
 * @param {number[]} held an index for each axis
 */
export function along(output, axis, held) {
  const shift = shiftOf(output.axes[axis] ?? ""), size = output.shape[axis] ?? 0;
  return Array.from({ length: size - shift }, (_, place) => valueAt(output, held.with(axis, place + shift)));
}

/**
 * What an output says of one thing, for the things of its other axis: of a word which regions, of a region which words.
 * Null if the output has no axis for the thing.
 * @param {Output} output
 * @param {Things} things what is pointed at
 * @param {number} place which
 * @param {number[]} held
 * @returns {{ things: Things, values: number[] } | null}
 */
export function linked(output, things, place, held) {
  const axes = thingAxes(output);
  if (axes.length < 2) {
    return null;
  }
  const [first, second] = /** @type {[number, number]} */ (axes);
  const [from, to] = thingsOf(output.axes[first] ?? "") === things ? [first, second] : thingsOf(output.axes[second] ?? "") === things ? [second, first] : [-1, -1];
  if (from < 0) {
    return null;
  }
  const at = held.with(from, place + shiftOf(output.axes[from] ?? ""));
  return { things: thingsOf(output.axes[to] ?? ""), values: along(output, to, at) };
}

/** Shares of the largest, 0 to 1, by which things are shaded. @param {number[]} values */
export function shades(values) {
  const most = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  return values.map(value => Math.max(0, value) / most);
}

/** The places of the largest values, best first. @param {number[]} values @param {number} most */
export const largest = (values, most) => values.map((value, place) => ({ value, place })).sort((a, b) => b.value - a.value).slice(0, most);
