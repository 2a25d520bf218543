/** Why: how the score of one image and one caption comes about, as the bundle's explainer says. */

/** @import { Explanation, Output } from "./types.js" */
/** @import { Things } from "./tensor.js" */
import { lasting } from "./again.js";
import { explain, model } from "./api.js";
import { bars, heldChoices } from "./bars.js";
import { copyAsCurl } from "./curl.js";
import { choice, h } from "./dom.js";
import { degraded, misaddressed, waiting } from "./notices.js";
import { score } from "./numbers.js";
import { regionsOf } from "./regions.js";
import { hrefOf } from "./router.js";
import { fixedAxes, largest, linked, shades, thingAxes, thingsOf } from "./tensor.js";
import { titlesOf } from "./titles.js";

const TOLD = 5;

/** @type {import("./main.js").View} */
export async function whyView(main, parameters, signal) {
  const imageId = parameters.get("imageId") ?? "", caption = parameters.get("caption"), captionId = parameters.get("captionId");
  const index = parameters.get("index") ?? undefined;
  const odd = misaddressed(parameters, ["imageId", "caption", "captionId", "index"],
    !imageId && "The address names no image: it has no imageId.",
    !caption && !captionId && "The address names no caption: it has neither a caption nor a captionId.",
    !!caption && !!captionId && "The address has a caption and a captionId, of which one is explained: the caption is.") ?? "";
  if (!imageId || (!caption && !captionId)) {
    main.replaceChildren(h("h1", {}, "Why"), odd, h("p", {}, "An image and a caption are explained together. ", h("a", { href: hrefOf("search") }, "Search"), ", and follow Why of a hit."));
    return;
  }
  const body = { imageId, ...caption ? { caption } : { captionId }, ...index ? { index } : {} };
  const back = h("p", {}, h("a", { href: hrefOf("search", { ...caption ? { caption } : { imageId }, index }) }, "Back to the hits"));
  const result = h("div", {}, waiting());
  main.replaceChildren(h("h1", {}, "Why"), odd, back, result);
  await lasting(result, async signal => {
    const [explanation, served] = await Promise.all([explain(body, signal), model(signal)]);
    result.replaceChildren(...await show(explanation, served.regions.count, served.pictures), copyAsCurl("/v1/explain", body));
  }, signal);
}

/**
 * @param {Explanation} explanation
 * @param {number} regionCount
 * @param {boolean} pictures
 */
async function show(explanation, regionCount, pictures) {
  const { image, caption, outputs } = explanation;
  const titles = titlesOf(outputs);
  /** @param {Output} output */
  const titleOf = output => titles.get(output) ?? { name: output.title, rest: "" };
  const unknown = new Set(caption.unknownTokens);
  const words = caption.tokens.map(token => h("button", { type: "button", class: unknown.has(token) ? "word unknown" : "word" }, token,
    unknown.has(token) ? h("span", { class: "unseen" }, " (unknown)") : null));
  const { holder, regions } = await regionsOf(image, regionCount, pictures);
  /** @param {Things} things @param {number} place */
  const nameOf = (things, place) => (things === "words" ? caption.tokens[place] ?? "" : `region ${place + 1}`);
  const between = outputs.filter(output => thingAxes(output).length >= 2);
  const single = outputs.filter(output => thingAxes(output).length < 2);
  const told = h("div", { class: "told", "aria-live": "polite" });
  const hint = between.length ? "Point at a word or a region, or reach it with Tab and the arrow keys. Enter keeps it." : "The explainer has no output between words and regions.";
  told.append(h("p", { class: "faint" }, hint));
  return [
    degraded(explanation.degraded) ?? h("div"),
    scoresOf(explanation),
    h("div", { class: "pair" },
      h("section", { "aria-label": "Image" }, h("h2", {}, image.id ?? "Image"), holder),
      h("section", { "aria-label": "Caption" }, h("h2", {}, "Caption"),
        h("div", { class: "words", role: "group", "aria-label": "Words as the model reads them" }, ...words),
        caption.truncated ? h("p", {}, h("strong", { class: "clipped" }, "The caption is longer than the model reads: the rest was dropped.")) : null,
        between.length ? pointing(between, titleOf, words, regions, told, nameOf) : null,
        told)),
    h("div", { class: "outputs" }, ...single.map(output => bars(output, titleOf(output), nameOf))),
  ];
}

/** @param {Explanation} explanation */
function scoresOf({ score: pair, coarse, rankingScores, model: name, index, indexEpoch }) {
  /** @param {string} label @param {number} number */
  const one = (label, number) => h("div", {}, h("dt", {}, label), h("dd", {}, score(number)));
  return h("div", {}, h("dl", { class: "scores wide" }, one("score", pair), one("first stage", coarse.score),
    ...Object.entries(rankingScores ?? {}).map(([direction, number]) => one(WAYS[direction] ?? direction, number))),
  h("p", { class: "faint" }, rankingScores
    ? "Hits are ordered by both stages together, highest first: a sum of both scores, which the bundle weighs in one way for the images of a caption and in another for the captions of an image. It is a place in the order of one search and no probability."
    : "Hits are ordered by the score, highest first: the bundle has no order of both stages."),
  h("p", { class: "faint" }, `${name}, ${index === null ? "" : `index ${index}, `}epoch ${indexEpoch}`));
}

/** What hits are ordered by, in each direction of a search. @type {Record<string, string>} */
const WAYS = { textToImage: "both stages, among images for the caption", imageToText: "both stages, among captions for the image" };

/**
 * Colours regions by the word that is pointed at, and words by the region, after the chosen output.
 * @param {Output[]} outputs
 * @param {(output: Output) => { name: string, rest: string }} titleOf
 * @param {HTMLElement[]} words
 * @param {(HTMLElement | SVGElement)[]} regions
 * @param {HTMLElement} told
 * @param {(things: Things, place: number) => string} nameOf
 */
function pointing(outputs, titleOf, words, regions, told, nameOf) {
  let output = /** @type {Output} */ (outputs[0]);
  let held = output.shape.map(() => 0);
  /** @type {{ things: Things, place: number } | null} */
  let kept = null;
  const elements = { words, regions };

  const clear = () => {
    for (const element of [...words, ...regions]) {
      element.style.removeProperty("--shade");
      element.classList.remove("pointed");
    }
  };
  /** @param {Things} things @param {number} place */
  const point = (things, place) => {
    clear();
    elements[things][place]?.classList.add("pointed");
    const found = linked(output, things, place, held);
    if (!found) {
      const other = thingsOf(output.axes[thingAxes(output)[0] ?? 0] ?? "");
      told.replaceChildren(h("p", { class: "faint" }, `“${titleOf(output).name}” is between ${other} alone.`));
      return;
    }
    shades(found.values).forEach((shade, at) => elements[found.things][at]?.style.setProperty("--shade", shade.toFixed(3)));
    told.replaceChildren(h("h3", {}, nameOf(things, place)), h("ol", {}, ...largest(found.values, TOLD).map(one =>
      h("li", {}, h("span", { class: "name" }, nameOf(found.things, one.place)), " ", h("span", { class: "number" }, score(one.value))))));
  };
  const again = () => (kept ? point(kept.things, kept.place) : clear());

  for (const things of /** @type {Things[]} */ (["words", "regions"])) {
    const all = elements[things];
    all.forEach((element, place) => {
      element.setAttribute("tabindex", place === 0 ? "0" : "-1");
      element.setAttribute("aria-pressed", "false");
      const keep = () => {
        kept = kept?.things === things && kept.place === place ? null : { things, place };
        for (const other of [...words, ...regions]) {
          other.setAttribute("aria-pressed", String(kept !== null && other === elements[kept.things][kept.place]));
        }
        again();
      };
      element.addEventListener("pointerenter", () => point(things, place));
      element.addEventListener("pointerleave", again);
      element.addEventListener("focus", () => point(things, place));
      element.addEventListener("blur", again);
      element.addEventListener("click", keep);
      element.addEventListener("keydown", event => {
        const { key } = /** @type {KeyboardEvent} */ (event);
        const to = key === "ArrowRight" || key === "ArrowDown" ? place + 1 : key === "ArrowLeft" || key === "ArrowUp" ? place - 1 : key === "Home" ? 0 : key === "End" ? all.length - 1 : null;
        if (to !== null) {
          event.preventDefault();
          const next = all[(to + all.length) % all.length];
          // One stop for Tab in each group: the one that was last reached.
          element.setAttribute("tabindex", "-1");
          next?.setAttribute("tabindex", "0");
          next?.focus();
        } else if (element instanceof SVGElement && (key === "Enter" || key === " ")) {
          event.preventDefault();
          keep();
        }
      });
    });
  }

  const fixed = h("span", { class: "axes" }), rest = h("p", { class: "faint rest" });
  /** @param {number} place */
  const choose = place => {
    output = /** @type {Output} */ (outputs[place]);
    held = output.shape.map(() => 0);
    rest.textContent = titleOf(output).rest ? `… ${titleOf(output).rest}` : "";
    fixed.replaceChildren(...heldChoices(output, fixedAxes(output), at => {
      held = at;
      again();
    }));
    again();
  };
  choose(0);
  return h("div", { class: "shown" }, choice("Show", "output", outputs.map((one, place) => [String(place), titleOf(one).name]), "0", {
    onchange: (/** @type {Event} */ event) => choose(Number(/** @type {HTMLSelectElement} */ (event.target).value)) }), fixed, rest);
}
