/** Search: by a caption, by an image of the index or by features; what was found, and where each stage had it, page by page. */

import { model, search } from "./api.js";
import { copyAsCurl } from "./curl.js";
import { h } from "./dom.js";
import { hitList } from "./hits.js";
import { degraded, fault, readAs, waiting } from "./notices.js";
import { count, counted, duration } from "./numbers.js";
import { requestOf, searchForm } from "./query.js";
import { go, hrefOf } from "./router.js";

/** @import { SearchAnswer } from "./types.js" */

/** @type {import("./main.js").View} */
export async function searchView(main, parameters, signal) {
  const request = requestOf(parameters);
  const result = h("section", { "aria-label": "Result", class: "result" });
  main.replaceChildren(h("h1", { class: "unseen" }, "Search"), searchForm(parameters, wanted => go(hrefOf("search", wanted))), result);
  if (!request) {
    result.append(h("p", { class: "faint" }, "Describe a picture, give the id of an image to find captions for it or images like it, or drop an .npy file of an image's features."));
    main.querySelector("input")?.focus();
    return;
  }
  result.append(waiting());
  try {
    const [{ answer, stages }, served] = await Promise.all([search(request.kind, request.body, signal), model(signal)]);
    const hits = answer.hits.length
      ? hitList(answer.hits, { request, pictures: served.pictures, explainer: served.explainer })
      : h("p", { class: "notice" }, nothingFound(served.index[request.kind], "filter" in request.body, "offset" in request.body));
    result.replaceChildren(...[
      degraded(answer.degraded),
      answer.query ? readAs(answer.query) : null,
      summary(answer, served.index[request.kind], request.kind, request.kind === "images" && !("caption" in request.body), stages.get("total")),
      copyAsCurl(`/v1/search/${request.kind}`, request.body),
      hits,
      pages(parameters, answer.hits.length),
    ].filter(part => part !== null));
  } catch (error) {
    if (!signal.aborted) {
      result.replaceChildren(fault(error));
    }
  }
}

/**
 * @param {SearchAnswer} answer
 * @param {number} all
 * @param {string} kind
 * @param {boolean} like whether images like an image were asked for
 * @param {number | undefined} milliseconds
 */
const summary = (answer, all, kind, like, milliseconds) => h("p", { class: "summary", role: "status" },
  `${counted(answer.hits.length, "hit")} of ${count(all)} ${kind}; ${like ? "ordered by the first stage alone" : `${count(answer.reranked)} of ${count(answer.shortlisted)} candidates reranked`}`
  + `${milliseconds === undefined ? "" : `, ${duration(milliseconds / 1000)}`} `,
  h("span", { class: "faint" }, `${answer.model}, epoch ${answer.indexEpoch}`));

/**
 * Links to the hits before and after those that are shown.
 * @param {URLSearchParams} parameters
 * @param {number} shown
 */
function pages(parameters, shown) {
  const top = Number(parameters.get("top")) || 10, offset = Number(parameters.get("offset")) || 0;
  const before = offset > 0, after = shown === top;
  /** @param {number} to @param {string} text */
  const link = (to, text) => h("a", { href: hrefOf("search", { ...Object.fromEntries(parameters), offset: to }) }, text);
  return before || after
    ? h("nav", { "aria-label": "Pages", class: "pages" }, before ? link(Math.max(0, offset - top), "Previous hits") : null, " ", after ? link(offset + top, "Next hits") : null)
    : null;
}

/** @param {number} all @param {boolean} filtered @param {boolean} paged */
const nothingFound = (all, filtered, paged) => (paged ? "There are no more hits." : all === 0 ? "The index is empty: ingest something first (Operate)."
  : filtered ? "No image has the metadata that the filter wants." : "Nothing was found.");
