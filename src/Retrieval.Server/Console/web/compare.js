/** Compare: one search under two settings, side by side, and what moved. */

/** @import { Hit, Model } from "./types.js" */
/** @import { Request } from "./query.js" */
import { lasting } from "./again.js";
import { model, search } from "./api.js";
import { compareForm, MEMBERS, SETTINGS } from "./compareform.js";
import { h } from "./dom.js";
import { link, moved, whyOf } from "./hits.js";
import { held } from "./indexchoice.js";
import { degraded, misaddressed, waiting } from "./notices.js";
import { count, duration, score } from "./numbers.js";
import { picture } from "./pictures.js";
import { requestOf } from "./query.js";
import { hrefOf } from "./router.js";

/** @type {import("./main.js").View} */
export async function compareView(main, parameters, signal) {
  const result = h("section", { "aria-label": "Result", class: "sides" });
  const { form, know } = compareForm(parameters);
  const wanted = requestOf(parameters);
  main.replaceChildren(h("h1", {}, "Compare"), misaddressed(parameters, MEMBERS,
    parameters.get("caption") && parameters.get("imageId") && "The address has a caption and an imageId, of which one is searched for: the caption is.",
    !wanted && parameters.size > 0 && "The address does not say what to search for: it has neither a caption nor an imageId.") ?? "", form, result);
  const beginning = wanted ? waiting()
    : h("p", { class: "faint" }, "One search under two settings: two shortlists, two orders, or two indexes where the server holds more than one. What moved stands beside the hits.");
  result.append(beginning);
  await lasting(result, async signal => {
    const served = await model(signal);
    know(served);
    if (!wanted) {
      result.replaceChildren(beginning);
      return;
    }
    // One after the other: together they would share the device, and neither time would be its own.
    const a = await side(parameters, "a", signal), b = await side(parameters, "b", signal);
    const same = SETTINGS.every(name => (parameters.get("a" + name) ?? "") === (parameters.get("b" + name) ?? ""));
    result.replaceChildren(
      same ? h("p", { class: "notice warn" }, "Both sides have the same settings: choose another shortlist, order or index for one of them.") : "",
      sameness(a, b), everything(parameters, a, b, served), column("Left", a, b, served), column("Right", b, a, served));
  }, signal);
}

/** @typedef {Awaited<ReturnType<typeof search>> & { request: Request }} Found */

/**
 * @param {URLSearchParams} parameters
 * @param {"a" | "b"} letter
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
async function side(parameters, letter, signal) {
  const own = new URLSearchParams(parameters);
  for (const name of SETTINGS) {
    own.set(name.charAt(0).toLowerCase() + name.slice(1), parameters.get(letter + name) ?? "");
  }
  const request = requestOf(own);
  if (!request) {
    throw new Error("there is no query");
  }
  return { ...await search(request.kind, request.body, signal), request };
}

/**
 * The way to have everything scored on the right, and what that costs.
 * @param {URLSearchParams} parameters
 * @param {Found} a
 * @param {Found} b
 * @param {Model} served
 */
function everything(parameters, { answer, stages }, b, served) {
  const all = held(served, b.answer.index)[b.request.kind], taken = stages.get("score");
  const cost = taken && answer.reranked ? `, some ${duration(taken / 1000 * all / answer.reranked)} of the device by the left's pace` : "";
  return h("p", {}, h("a", { class: "everything", href: hrefOf("compare", { ...Object.fromEntries(parameters), bShortlist: Math.max(1, all) }) },
    "Rerank everything on the right"), h("span", { class: "faint" }, `: ${count(all)} pairs instead of ${count(b.answer.shortlisted)}${cost}`));
}

/**
 * @param {string} name
 * @param {Found} found
 * @param {Found} other
 * @param {Model} served
 */
function column(name, { answer, stages, request }, { answer: other }, served) {
  const ranks = new Map(other.hits.map(hit => [hit.id, hit.rank]));
  const total = stages.get("total");
  const index = answer.index ?? (served.further.length ? "the local index" : null);
  return h("section", { "aria-label": name }, h("h2", {}, name),
    h("p", { class: "summary" }, index ? `${index}: ` : null, `${count(answer.reranked)} of ${count(answer.shortlisted)} candidates reranked`, total === undefined ? null : `, ${duration(total / 1000)}`),
    degraded(answer.degraded),
    answer.hits.length ? null : h("p", { class: "faint" }, "Nothing was found."),
    h("ol", { class: "hits rows compact" }, ...answer.hits.map(hit => row(hit, ranks.get(hit.id), served.explainer ? whyOf(request, hit) : null, served.pictures))));
}

/** @param {Hit} hit @param {number | undefined} elsewhere @param {string | null} why @param {boolean} pictures */
function row(hit, elsewhere, why, pictures) {
  return h("li", { class: "hit" }, pictures ? picture(hit.imageId ?? hit.id, 48) : null,
    h("div", { class: "about" }, h("p", { class: "id" }, h("span", { class: "rank" }, hit.rank), " ", hit.id, " ",
      elsewhere === undefined ? h("span", { class: "move only" }, "only here") : moved(elsewhere - hit.rank, "the other side")),
    hit.caption ? h("p", { class: "caption" }, hit.caption) : null,
    h("p", { class: "faint" }, `score ${score(hit.score)}, first stage ${score(hit.coarse.score)}, rank ${hit.coarse.rank} `, why ? link(why, "Why", ` ${hit.id}`) : null)));
}

/** @param {Found} a @param {Found} b */
function sameness(a, b) {
  const left = new Set(a.answer.hits.map(hit => hit.id));
  const shared = b.answer.hits.filter(hit => left.has(hit.id)).length;
  const first = a.answer.hits[0]?.id === b.answer.hits[0]?.id;
  return h("p", { class: "sameness", role: "status" }, `${count(shared)} of ${count(b.answer.hits.length)} hits on the right are on the left too; the first is ${first ? "the same" : "another"}.`);
}
