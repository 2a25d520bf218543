/** Gates, weights and the like: one bar for each word or region. */

/** @import { Output } from "./types.js" */
import { choice, h, svg } from "./dom.js";
import { score } from "./numbers.js";
import { along, fixedAxes, thingAxes, thingsOf } from "./tensor.js";

/**
 * An output over one axis of words or regions; a choice for each other axis.
 * @param {Output} output
 * @param {(things: "words" | "regions", place: number) => string} nameOf
 */
export function bars(output, nameOf) {
  const axis = thingAxes(output)[0] ?? 0, things = thingsOf(output.axes[axis] ?? "");
  let held = output.shape.map(() => 0);
  const list = h("ul", { class: "bars" });
  const show = () => {
    const values = along(output, axis, held);
    // A gate is open at 1. Others are drawn by the largest.
    const most = output.kind === "gate" ? 1 : Math.max(...values, Number.MIN_VALUE);
    list.replaceChildren(...values.map((value, place) => h("li", {}, h("span", { class: "name" }, nameOf(things, place)),
      svg("svg", { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": true }, svg("rect", { width: 100 * Math.min(1, Math.max(0, value / most)), height: 1 })),
      h("span", { class: "number" }, score(value)))));
  };
  show();
  return h("section", { class: "output", "data-kind": output.kind }, h("h3", {}, output.title),
    h("p", { class: "faint" }, `${output.kind}${output.distribution ? ", sums to one" : ""}`),
    ...heldChoices(output, at => {
      held = at;
      show();
    }), list);
}

/**
 * A choice for each axis that is neither words nor regions.
 * @param {Output} output
 * @param {(held: number[]) => void} chosen
 */
export function heldChoices(output, chosen) {
  let held = output.shape.map(() => 0);
  return fixedAxes(output).map(axis => choice(`Axis ${axis + 1}`, `axis${axis}`,
    Array.from({ length: output.shape[axis] ?? 0 }, (_, place) => /** @type {[string, string]} */ ([String(place), String(place + 1)])), "0",
    { onchange(/** @type {Event} */ event) {
      held = held.with(axis, Number(/** @type {HTMLSelectElement} */ (event.target).value));
      chosen(held);
    } }));
}
