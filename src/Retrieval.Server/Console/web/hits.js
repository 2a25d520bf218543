/** Hits as a list, with pictures where there are any. */

/** @import { Hit } from "./types.js" */
/** @import { Request } from "./query.js" */
import { h } from "./dom.js";
import { score } from "./numbers.js";
import { picture } from "./pictures.js";
import { hrefOf } from "./router.js";

const WIDTH = 160;

/**
 * @param {Hit[]} hits
 * @param {{ request: Request, pictures: boolean, explainer: boolean }} shown
 */
export function hitList(hits, { request, pictures, explainer }) {
  const images = request.kind === "images", index = /** @type {string | undefined} */ (request.body["index"]);
  return h("ol", { class: `hits ${images && pictures ? "grid" : "rows"}` }, ...hits.map(hit => {
    const why = explainer ? whyOf(request, hit) : null;
    const imageId = images ? hit.id : hit.imageId ?? "";
    return h("li", { class: "hit" },
      pictures ? h("a", { class: "frame", href: why ?? hrefOf("search", { imageId, index }), tabindex: -1, "aria-hidden": true }, picture(imageId, images ? WIDTH : WIDTH / 2)) : null,
      h("div", { class: "about" },
        images ? null : h("p", { class: "caption" }, hit.caption),
        h("p", { class: "id" }, h("span", { class: "rank" }, `${hit.rank}`), " ", hit.id),
        scores(hit, images && !("caption" in request.body)),
        hit.metadata ? metadata(hit.metadata) : null,
        h("p", { class: "actions" },
          why ? link(why, "Why", ` ${hit.id}`) : null, " ",
          images ? link(hrefOf("search", { imageId, index }), "Captions", ` for ${hit.id}`) : link(hrefOf("search", { caption: hit.caption, index }), "Images", ` for the caption ${hit.id}`), " ",
          link(hrefOf("search", { like: imageId, index }), "More like this", ` of ${imageId}`))));
  }));
}

/**
 * A link whose name says of which hit it is.
 * @param {string} href
 * @param {string} text
 * @param {string} of
 */
export const link = (href, text, of) => h("a", { href }, text, h("span", { class: "unseen" }, of));

/**
 * Address of why a hit was found; null where the pair of query and hit cannot be explained by ids and texts: two images are no
 * pair, and features are not in an address.
 * @param {Request} request
 * @param {Hit} hit
 */
export function whyOf({ kind, body }, hit) {
  const { caption, imageId, index } = /** @type {Record<string, string>} */ (body);
  return kind === "images" ? caption === undefined ? null : hrefOf("why", { imageId: hit.id, caption, index })
    : imageId === undefined ? null : hrefOf("why", { imageId, captionId: hit.id, index });
}

/**
 * Both stages' scores and ranks, and how far the second stage moved the hit.
 * @param {Hit} hit
 * @param {boolean} [firstOnly] whether the search has no second stage
 */
export function scores(hit, firstOnly = false) {
  return h("dl", { class: "scores" },
    firstOnly ? null : h("div", {}, h("dt", {}, "score"), h("dd", {}, score(hit.score), hit.scoreRank === null ? " (not reranked)" : h("span", { class: "faint" }, ` rank ${hit.scoreRank}`))),
    h("div", {}, h("dt", {}, "first stage"), h("dd", {}, score(hit.coarse.score), h("span", { class: "faint" }, ` rank ${hit.coarse.rank} `), firstOnly ? null : moved(hit.coarse.rank - hit.rank))));
}

/**
 * @param {number} places up if positive
 * @param {string} [since]
 */
export function moved(places, since = "the first stage") {
  const text = places > 0 ? `▲ ${places}` : places < 0 ? `▼ ${-places}` : "=";
  const told = places === 0 ? `where ${since} had it` : `${Math.abs(places)} ${places > 0 ? "up" : "down"} from ${since}`;
  return h("span", { class: `move ${places > 0 ? "up" : places < 0 ? "down" : "same"}`, title: told }, h("span", { "aria-hidden": true }, text), h("span", { class: "unseen" }, told));
}

/** @param {Record<string, string | number | boolean>} metadata */
export const metadata = metadata => h("p", { class: "metadata faint" }, Object.entries(metadata).map(([name, value]) => `${name}=${value}`).join("  "));
