/** What a view says when something is not as it should be. */

/** @import { ReadCaption } from "./types.js" */
import { RequestError } from "./api.js";
import { h } from "./dom.js";

/** @type {Record<string, string>} */
const REASONS = {
  "deadline": "The deadline passed first: what was not reranked in time follows in the order of the first stage.",
  "catalog-unavailable": "Postgres did not answer: the shortlist is this replica's own, and may be behind.",
  "damaged": "Stored data is damaged: what cannot be read was left out. “retrieval index verify” finds it.",
};

/**
 * The reason why there is no answer.
 * @param {unknown} error
 * @param {boolean} [traced] whether the trace is shown, which is another with each request
 */
export function fault(error, traced = true) {
  if (!(error instanceof RequestError)) {
    // An answer of another form, or a fault of the page: nobody is left waiting, and the browser's console has where it was.
    console.error(error);
    return h("div", { class: "notice bad", role: "alert" }, h("strong", {}, "The page cannot show the answer"), h("p", {}, String(error)));
  }
  const { title, status, detail, field, reasons, traceId } = error.problem;
  return h("div", { class: "notice bad", role: "alert" },
    h("strong", {}, status ? `${title} (${status})` : title),
    h("p", {}, field && !detail.startsWith(field) ? `${field}: ${detail}` : detail),
    reasons?.length ? h("ul", {}, ...reasons.map(reason => h("li", {}, reason))) : null,
    traced && traceId ? h("p", { class: "faint" }, `Trace ${traceId}`) : null);
}

/**
 * Why an answer is less than what was asked for; nothing if it is all of it.
 * @param {string | null} degraded
 */
export function degraded(degraded) {
  return degraded === null ? null : h("div", { class: "notice warn", role: "status" },
    h("strong", {}, `Degraded answer: ${degraded}`),
    ...degraded.split(",").map(reason => h("p", {}, REASONS[reason] ?? reason)));
}

/**
 * The caption as the model read it.
 * @param {ReadCaption} query
 */
export function readAs(query) {
  const unknown = new Set(query.unknownTokens);
  return h("p", { class: "read" }, h("span", { class: "faint" }, "Read as "),
    ...query.tokens.flatMap(token => [
      unknown.has(token) ? h("span", { class: "token unknown", title: "The model does not know this word" }, token, h("span", { class: "unseen" }, " (unknown)"))
        : h("span", { class: "token" }, token), " "]),
    query.tokens.every(token => unknown.has(token)) ? h("strong", { class: "clipped" }, "The model knows none of the words: what is found means nothing. ")
      : unknown.size ? h("span", { class: "faint" }, unknown.size === 1 ? "One word is unknown to the model. " : `${unknown.size} words are unknown to the model. `) : null,
    query.truncated ? h("strong", { class: "clipped" }, "The caption is longer than the model reads: the rest was dropped.") : null);
}

/**
 * What of an address a view does not understand; null if it understands all of it.
 * @param {URLSearchParams} parameters
 * @param {string[]} known
 * @param {...(string | null | false)} more what else is to be said of it
 */
export function misaddressed(parameters, known, ...more) {
  const names = [...parameters.keys()];
  const unknown = new Set(names.filter(name => !known.includes(name))), twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  const said = [
    ...[...unknown].map(name => `The address has “${name}”, which this view does not know: it is left out. It knows ${known.join(", ") || "no member"}.`),
    ...[...twice].map(name => `The address has “${name}” more than once: the first counts.`),
    ...more.filter(text => typeof text === "string"),
  ];
  return said.length ? h("div", { class: "notice warn", role: "status" }, ...said.map(text => h("p", {}, text))) : null;
}

/** What is shown until the answer is there; it keeps the room. */
export const waiting = () => h("p", { class: "waiting faint", role: "status" }, "Asking …");
