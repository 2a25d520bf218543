/** The form of Compare: what is searched for, and the settings of each side. */

/** @import { Model } from "./types.js" */
import { choice, h, value } from "./dom.js";
import { held, indexChoice } from "./indexchoice.js";
import { filterField } from "./query.js";
import { go, hrefOf } from "./router.js";

/** Names of a side's parameters, behind its letter; in small, those of a search. */
export const SETTINGS = ["Index", "Shortlist", "RankBy"];

const SIDES = SETTINGS.flatMap(name => ["a" + name, "b" + name]);

/** What the address of a comparison may have. */
export const MEMBERS = ["caption", "imageId", "top", "filter", ...SIDES];

/** How much longer the shortlist on the right is than that on the left, if nothing is said. */
const LONGER = 10;

/**
 * A longer shortlist, but none longer than the index.
 * @param {Model} served
 * @param {"images" | "captions"} kind
 * @param {string} index
 * @param {string} shortlist as it is typed
 */
function longer(served, kind, index, shortlist) {
  const { textToImage, imageToText } = served.defaultShortlist;
  return String(Math.min(LONGER * (Number(shortlist) || (kind === "images" ? textToImage : imageToText)), Math.max(1, held(served, index)[kind])));
}

/**
 * The comparison that a search leads to: the search itself on the left, the same with a longer shortlist on the right. Of a search
 * for images like an image it is that for the image's captions, since the former has no second stage. Empty if there is no search.
 * @param {Record<string, string>} typed what the form of the search holds
 * @param {Model | null} served null while it is not known: the shortlists are then alike
 * @returns {Record<string, string>}
 */
export function comparisonOf({ caption = "", imageId = "", like = "", index = "", shortlist = "", rankBy = "", top = "", filter = "" }, served) {
  if (!caption && !imageId && !like) {
    return {};
  }
  return { ...caption ? { caption } : { imageId: imageId || like }, top, filter, aIndex: index, bIndex: index, aRankBy: rankBy, bRankBy: rankBy,
    aShortlist: shortlist, bShortlist: served ? longer(served, caption ? "images" : "captions", index, shortlist) : shortlist };
}

/**
 * The form, and what tells it which indexes there are and how long shortlists are.
 * @param {URLSearchParams} parameters
 */
export function compareForm(parameters) {
  const byImage = !parameters.get("caption") && !!parameters.get("imageId");
  const indexes = ["a", "b"].map(letter => indexChoice(letter + "Index", parameters.get(letter + "Index") ?? ""));
  const shortlists = ["a", "b"].map(letter => h("input", { name: letter + "Shortlist", inputmode: "numeric", placeholder: "default", value: parameters.get(letter + "Shortlist") ?? "" }));
  /** @param {number} at @param {string} letter @param {string} name */
  const settings = (at, letter, name) => h("fieldset", {}, h("legend", {}, name), indexes[at]?.holder,
    h("label", {}, "Shortlist", shortlists[at]),
    choice("Order", letter + "RankBy", [["", "both stages"], ["score", "score alone"]], parameters.get(letter + "RankBy") ?? ""));
  const form = h("form", { class: "query", role: "search", onsubmit(/** @type {Event} */ event) {
    event.preventDefault();
    go(hrefOf("compare", { [value(form, "by")]: value(form, "text"), ...Object.fromEntries(["top", "filter", ...SIDES].map(name => [name, value(form, name)])) }));
  } },
  h("div", { class: "line" }, choice("Search by", "by", [["caption", "caption"], ["imageId", "image id"]], byImage ? "imageId" : "caption", { class: "by" }),
    h("input", { name: "text", type: "search", required: true, autocomplete: "off", "aria-label": "Caption or image id", value: parameters.get("caption") ?? parameters.get("imageId") ?? "" }),
    h("button", {}, "Compare")),
  h("div", { class: "settings" }, settings(0, "a", "Left"), settings(1, "b", "Right"),
    h("label", {}, "Hits", h("input", { name: "top", inputmode: "numeric", placeholder: "10", value: parameters.get("top") ?? "" }))),
  h("details", { open: !!parameters.get("filter") }, h("summary", {}, "Filter"), h("div", { class: "fields" }, filterField(parameters))));
  /** @param {Model} served */
  const know = served => {
    indexes.forEach(index => index.know(served));
    const [, right] = shortlists;
    // Two sides that are the same have nothing to compare.
    if (right && parameters.size === 0 && SIDES.every(name => value(form, name) === "")) {
      right.value = longer(served, "images", "", "");
    }
  };
  return { form, know };
}
