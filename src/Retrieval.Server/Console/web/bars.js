/** Gates, weights and the like: one bar for each word or region, or for each place of an axis that is neither. */

/** @import { Output } from "./types.js" */
import { choice, h, svg } from "./dom.js";
import { score } from "./numbers.js";
import { along, fixedAxes, thingAxes, thingsOf, valueAt } from "./tensor.js";

/**
 * An output over one axis, of words or regions if it has one; a choice for each other axis.
 * @param {Output} output
 * @param {{ name: string, rest: string }} title
 * @param {(things: "words" | "regions", place: number) => string} nameOf
 */
export function bars(output, title, nameOf) {
  const [thing] = thingAxes(output), axis = thing ?? 0, things = thingsOf(output.axes[axis] ?? "");
  const others = fixedAxes(output).filter(other => other !== axis);
  let held = output.shape.map(() => 0);
  const list = h("ul", { class: "bars" });
  const show = () => {
    /** @type {[string, number][]} */
    const whole = output.axes[axis] === "nodes" ? [["whole pair", valueAt(output, held.with(axis, 0))]] : [];
    const named = [...whole, ...along(output, axis, held).map((value, place) => /** @type {[string, number]} */ ([thing === undefined ? String(place + 1) : nameOf(things, place), value]))];
    // A gate is open at 1. Others are drawn by the largest.
    const most = output.kind === "gate" ? 1 : Math.max(...named.map(([, value]) => value), Number.MIN_VALUE);
    list.replaceChildren(...named.map(([name, value]) => h("li", {}, h("span", { class: "name" }, name),
      svg("svg", { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": true }, svg("rect", { width: 100 * Math.min(1, Math.max(0, value / most)), height: 1 })),
      h("span", { class: "number" }, score(value)))));
  };
  show();
  return h("section", { class: "output", "data-kind": output.kind }, h("h3", {}, title.name),
    h("p", { class: "faint" }, `${title.rest ? `… ${title.rest}; ` : ""}${output.kind}${output.distributionAxis === axis ? ", sums to one" : ""}`),
    ...heldChoices(output, others, at => {
      held = at;
      show();
    }), list);
}

/**
 * A choice for each axis that is not shown as a whole.
 * @param {Output} output
 * @param {number[]} axes
 * @param {(held: number[]) => void} chosen
 */
export function heldChoices(output, axes, chosen) {
  let held = output.shape.map(() => 0);
  return axes.map(axis => choice(`Axis ${axis + 1}`, `axis${axis}`,
    Array.from({ length: output.shape[axis] ?? 0 }, (_, place) => /** @type {[string, string]} */ ([String(place), String(place + 1)])), "0",
    { onchange(/** @type {Event} */ event) {
      held = held.with(axis, Number(/** @type {HTMLSelectElement} */ (event.target).value));
      chosen(held);
    } }));
}
