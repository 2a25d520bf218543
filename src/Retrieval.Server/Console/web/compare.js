/** Compare: one search under two settings, side by side, and what moved. */

/** @import { Hit, Model } from "./types.js" */
import { model, search } from "./api.js";
import { choice, h, value } from "./dom.js";
import { moved } from "./hits.js";
import { degraded, fault, waiting } from "./notices.js";
import { count, duration, score } from "./numbers.js";
import { picture } from "./pictures.js";
import { requestOf } from "./query.js";
import { go, hrefOf } from "./router.js";

/** Names of a side's parameters, behind its letter. */
const SETTINGS = ["Shortlist", "RankBy"];

/** @type {import("./main.js").View} */
export async function compareView(main, parameters, signal) {
  const result = h("section", { "aria-label": "Result", class: "sides" });
  const form = compareForm(parameters);
  main.replaceChildren(h("h1", {}, "Compare"), form, result);
  if (!requestOf(parameters)) {
    result.append(h("p", { class: "faint" }, "One search under two settings: two shortlists, or two orders."));
    return;
  }
  result.append(waiting());
  try {
    const served = await model(signal);
    // One after the other: together they would share the device, and neither time would be its own.
    const a = await side(parameters, "a", signal), b = await side(parameters, "b", signal);
    result.replaceChildren(sameness(a, b), everything(parameters, a, served), column("Left", a, b, served), column("Right", b, a, served));
  } catch (error) {
    if (!signal.aborted) {
      result.replaceChildren(fault(error));
    }
  }
}

/** @typedef {Awaited<ReturnType<typeof search>>} Found */

/** @param {URLSearchParams} parameters @param {"a" | "b"} letter @param {AbortSignal} signal */
async function side(parameters, letter, signal) {
  const own = new URLSearchParams(parameters);
  own.set("shortlist", parameters.get(letter + "Shortlist") ?? "");
  own.set("rankBy", parameters.get(letter + "RankBy") ?? "");
  const request = requestOf(own);
  if (!request) {
    throw new Error("there is no query");
  }
  return search(request.kind, request.body, signal);
}

/**
 * The way to have everything scored on the right, and what that costs.
 * @param {URLSearchParams} parameters
 * @param {Found} a
 * @param {Model} served
 */
function everything(parameters, { answer, stages }, served) {
  const all = served.index[parameters.get("caption") ? "images" : "captions"], taken = stages.get("score");
  const cost = taken && answer.reranked ? `, some ${duration(taken / 1000 * all / answer.reranked)} of the device by the left's pace` : "";
  return h("p", {}, h("a", { class: "everything", href: hrefOf("compare", { ...Object.fromEntries(parameters), bShortlist: Math.max(1, all) }) },
    "Rerank everything on the right"), h("span", { class: "faint" }, `: ${count(all)} pairs instead of ${count(answer.shortlisted)}${cost}`));
}

/**
 * @param {string} name
 * @param {Found} found
 * @param {Found} other
 * @param {Model} served
 */
function column(name, { answer, stages }, { answer: other }, served) {
  const ranks = new Map(other.hits.map(hit => [hit.id, hit.rank]));
  const total = stages.get("total");
  return h("section", { "aria-label": name }, h("h2", {}, name),
    h("p", { class: "summary" }, `${count(answer.reranked)} of ${count(answer.shortlisted)} candidates reranked`, total === undefined ? null : `, ${duration(total / 1000)}`),
    degraded(answer.degraded),
    h("ol", { class: "hits rows compact" }, ...answer.hits.map(hit => row(hit, ranks.get(hit.id), served.pictures))));
}

/** @param {Hit} hit @param {number | undefined} elsewhere @param {boolean} pictures */
function row(hit, elsewhere, pictures) {
  return h("li", { class: "hit" }, pictures ? picture(hit.imageId ?? hit.id, 48) : null,
    h("div", { class: "about" }, h("p", { class: "id" }, h("span", { class: "rank" }, hit.rank), " ", hit.id, " ",
      elsewhere === undefined ? h("span", { class: "move only" }, "only here") : moved(elsewhere - hit.rank, "the other side")),
    hit.caption ? h("p", { class: "caption" }, hit.caption) : null,
    h("p", { class: "faint" }, `score ${score(hit.score)}, first stage ${score(hit.coarse.score)}, rank ${hit.coarse.rank}`)));
}

/** @param {Found} a @param {Found} b */
function sameness(a, b) {
  const left = new Set(a.answer.hits.map(hit => hit.id));
  const shared = b.answer.hits.filter(hit => left.has(hit.id)).length;
  const first = a.answer.hits[0]?.id === b.answer.hits[0]?.id;
  return h("p", { class: "sameness", role: "status" }, `${count(shared)} of ${count(b.answer.hits.length)} hits on the right are on the left too; the first is ${first ? "the same" : "another"}.`);
}

/** @param {URLSearchParams} parameters */
function compareForm(parameters) {
  const byImage = !parameters.get("caption") && !!parameters.get("imageId");
  /** @param {string} letter @param {string} name */
  const settings = (letter, name) => h("fieldset", {}, h("legend", {}, name),
    h("label", {}, "Shortlist", h("input", { name: letter + "Shortlist", inputmode: "numeric", placeholder: "default", value: parameters.get(letter + "Shortlist") ?? "" })),
    choice("Order", letter + "RankBy", [["", "both stages"], ["score", "score alone"]], parameters.get(letter + "RankBy") ?? ""));
  const form = h("form", { class: "query", role: "search", onsubmit(/** @type {Event} */ event) {
    event.preventDefault();
    go(hrefOf("compare", { [value(form, "by")]: value(form, "text"), top: value(form, "top"),
      ...Object.fromEntries(["a", "b"].flatMap(letter => SETTINGS.map(name => [letter + name, value(form, letter + name)]))) }));
  } },
  h("div", { class: "line" }, choice("Search by", "by", [["caption", "caption"], ["imageId", "image id"]], byImage ? "imageId" : "caption", { class: "by" }),
    h("input", { name: "text", type: "search", required: true, autocomplete: "off", "aria-label": "Caption or image id", value: parameters.get("caption") ?? parameters.get("imageId") ?? "" }),
    h("button", {}, "Compare")),
  h("div", { class: "settings" }, settings("a", "Left"), settings("b", "Right"),
    h("label", {}, "Hits", h("input", { name: "top", inputmode: "numeric", placeholder: "10", value: parameters.get("top") ?? "" }))));
  return form;
}
