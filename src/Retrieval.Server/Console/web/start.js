/** Where Search begins: what is served, and captions and images to begin with. */

/** @import { ListedImage, Model } from "./types.js" */
import { image, images } from "./api.js";
import { h } from "./dom.js";
import { listed } from "./browse.js";
import { count, counted } from "./numbers.js";
import { hrefOf } from "./router.js";

const SHOWN = 12;
const EXAMPLES = 3;
const LONGEST = 200;

/**
 * @param {Model} served
 * @param {AbortSignal} signal
 */
export async function startPage(served, signal) {
  const { images: first, next } = await images(null, SHOWN, signal);
  const captions = await captionsOf(first, signal);
  return h("div", { class: "begin" },
    h("section", { "aria-label": "What is served" }, h("h2", {}, "What is served"), ...whatIsServed(served)),
    first.length === 0 ? h("p", { class: "notice" }, "The index is empty: ingest something first (", h("a", { href: hrefOf("operate") }, "Operate"), ").") : null,
    captions.length ? h("section", { "aria-label": "Captions to search by" }, h("h2", {}, "Captions to search by"),
      h("ul", {}, ...captions.map(caption => h("li", {}, h("a", { href: hrefOf("search", { caption }) }, caption))))) : null,
    first.length ? h("section", { "aria-label": "Images to search by" }, h("h2", {}, "Images to search by"), listed(first, served.pictures),
      next === null ? null : h("p", {}, h("a", { href: hrefOf("browse") }, `Browse all ${count(served.index.images)}`))) : null);
}

/** @param {Model} served */
function whatIsServed({ model, index, catalog, further, ranking, defaultShortlist }) {
  const { textToImage, imageToText } = defaultShortlist;
  return [
    h("p", {}, catalog?.index ? `Index ${catalog.index}: ` : "", h("strong", {}, counted(index.images, "image")), " with ", counted(index.captions, "caption"), `, epoch ${index.epoch}. Bundle `, h("strong", {}, model), "."),
    h("p", { class: "faint" }, `The first stage finds candidates, the second reranks them: ${count(textToImage)} for a caption, ${count(imageToText)} for an image. Hits are ordered by ${ranking ? "both stages" : "the score of the second"}.`),
    ...further.length ? [h("p", { class: "faint" }, `Held beside it, for Options and Compare: ${further.map(other => `${other.name} (${other.notReady ?? counted(other.images ?? 0, "image")})`).join(", ")}.`)] : [],
  ];
}

/**
 * A caption of each of the first images that have any; not of “.” and “..”, which no address can name.
 * @param {ListedImage[]} first
 * @param {AbortSignal} signal
 */
async function captionsOf(first, signal) {
  const asked = await Promise.allSettled(first.filter(({ id, captions }) => captions > 0 && !/^\.\.?$/.test(id)).slice(0, EXAMPLES).map(one => image(one.id, signal)));
  return asked.flatMap(one => (one.status === "fulfilled" ? one.value.captions.map(caption => caption.text).filter(text => text.length <= LONGEST).slice(0, 1) : []));
}
