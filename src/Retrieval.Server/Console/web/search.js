/** Search: by a caption, by an image of the index or by features; what was found, and where each stage had it, page by page. */

import { lasting } from "./again.js";
import { isImage, model, search } from "./api.js";
import { comparisonOf } from "./compareform.js";
import { copyAsCurl } from "./curl.js";
import { h } from "./dom.js";
import { hitList } from "./hits.js";
import { held } from "./indexchoice.js";
import { degraded, misaddressed, readAs, waiting } from "./notices.js";
import { count, counted, duration } from "./numbers.js";
import { picture } from "./pictures.js";
import { MEMBERS, QUERIES, requestOf, searchForm } from "./query.js";
import { go, hrefOf, lead } from "./router.js";
import { startPage } from "./start.js";

/** @import { Model, SearchAnswer } from "./types.js" */
/** @import { Request } from "./query.js" */

const QUERY_WIDTH = 160;

/** @type {import("./main.js").View} */
export async function searchView(main, parameters, signal) {
  const request = requestOf(parameters);
  const result = h("section", { "aria-label": "Result", class: "result" }, waiting());
  const { form, know, typed } = searchForm(parameters, wanted => go(hrefOf("search", wanted)));
  /** @type {Model | null} */
  let served = null;
  // Who goes on to Compare means this search.
  const compared = () => lead("compare", comparisonOf(typed(), served));
  form.addEventListener("input", compared);
  compared();
  main.replaceChildren(h("h1", { class: "unseen" }, "Search"), misaddressed(parameters, MEMBERS, ...faultsOf(parameters)) ?? "", form, result);
  if (!request) {
    main.querySelector("input")?.focus();
  }
  await lasting(result, async signal => {
    const asked = model(signal);
    asked.then(known => {
      if (!signal.aborted) {
        served = known;
        know(known);
        compared();
      }
    }, () => {});
    result.replaceChildren(...request ? await found(parameters, request, asked, signal) : [await startPage(await asked, signal)]);
  }, signal);
}

/**
 * @param {URLSearchParams} parameters
 * @param {Request} request
 * @param {Promise<Model>} asked
 * @param {AbortSignal} signal
 */
async function found(parameters, request, asked, signal) {
  const { kind, body } = request;
  const [{ answer, stages }, served, isId] = await Promise.all([search(kind, body, signal), asked, namesImage(body, signal)]);
  const all = held(served, answer.index)[kind];
  const hits = answer.hits.length
    ? hitList(answer.hits, { request, pictures: served.pictures, explainer: served.explainer })
    : h("p", { class: "notice" }, nothingFound(all, "filter" in body, "offset" in body));
  return [
    degraded(answer.degraded),
    isId ? offer(String(body["caption"]), parameters.get("index")) : null,
    served.pictures && typeof body["imageId"] === "string" ? queryImage(body["imageId"]) : null,
    answer.query ? readAs(answer.query) : null,
    summary(answer, all, kind, kind === "images" && !("caption" in body), stages.get("total")),
    copyAsCurl(`/v1/search/${kind}`, body),
    hits,
    pages(parameters, answer.hits.length),
  ].filter(part => part !== null);
}

/**
 * What an address asks for that contradicts itself.
 * @param {URLSearchParams} parameters
 */
function faultsOf(parameters) {
  const queries = QUERIES.filter(name => parameters.get(name)), find = parameters.get("find");
  return [
    queries.length > 1 && `The address has ${queries.join(" and ")}, of which one is searched for: ${queries[0]} is.`,
    queries.length === 0 && parameters.size > 0 && `The address does not say what to search for: it has none of ${QUERIES.join(", ")}.`,
    find !== null && !["captions", "images"].includes(find) && `The address has find=${find}: expected captions or images. Captions are searched for.`,
  ];
}

/**
 * Whether a caption is the id of an image, as somebody types who does not look at what is searched by. An id is one word.
 * @param {Request["body"]} body
 * @param {AbortSignal} signal
 */
async function namesImage({ caption, index }, signal) {
  if (typeof caption !== "string" || /\s/.test(caption)) {
    return false;
  }
  try {
    return await isImage(caption, index, signal);
  } catch {
    // The search itself says what is wrong.
    return false;
  }
}

/** @param {string} id @param {string | null} index */
const offer = (id, index) => h("p", { class: "notice", role: "status" }, `${id} is also the id of an image. `,
  h("a", { href: hrefOf("search", { imageId: id, index }) }, "Captions for it"), " ", h("a", { href: hrefOf("search", { like: id, index }) }, "Images like it"));

/** @param {string} id */
const queryImage = id => h("div", { class: "queryimage" }, picture(id, QUERY_WIDTH), h("p", {}, h("span", { class: "faint" }, "Searched for: "), id));

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
  h("span", { class: "faint" }, `${answer.model}, ${answer.index === null ? "" : `index ${answer.index}, `}epoch ${answer.indexEpoch}`));

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
