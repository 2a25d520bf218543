/** A search as it stands in the address, in a form, and in a request. */

import { choice, h, value } from "./dom.js";

/** @typedef {{ kind: "images" | "captions", body: Record<string, unknown> }} Request */

const NUMBERS = ["top", "shortlist", "deadlineMs"];

/**
 * The request that an address stands for; null without a caption or an image.
 * @param {URLSearchParams} parameters
 * @returns {Request | null}
 */
export function requestOf(parameters) {
  const caption = parameters.get("caption"), imageId = parameters.get("imageId");
  if (!caption && !imageId) {
    return null;
  }
  /** @type {Record<string, unknown>} */
  const body = caption ? { caption } : { imageId };
  for (const name of NUMBERS) {
    const text = parameters.get(name);
    if (text) {
      // What is no number goes to the service as it is, whose message says what was expected.
      body[name] = Number.isFinite(Number(text)) ? Number(text) : text;
    }
  }
  if (parameters.get("rankBy")) {
    body["rankBy"] = parameters.get("rankBy");
  }
  const filter = filterOf(parameters.get("filter") ?? "");
  if (filter) {
    body["filter"] = filter;
  }
  return { kind: caption ? "images" : "captions", body };
}

/**
 * `key=value`, one a line; a key that stands twice takes either value.
 * @param {string} text
 */
export function filterOf(text) {
  /** @type {Map<string, string[]>} */
  const filter = new Map();
  for (const line of text.split("\n").map(line => line.trim()).filter(line => line)) {
    const at = line.indexOf("=");
    const [name, wanted] = at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    filter.set(name, [...filter.get(name) ?? [], wanted]);
  }
  return filter.size ? Object.fromEntries([...filter].map(([name, wanted]) => [name, wanted.length === 1 ? wanted[0] : wanted])) : null;
}

/**
 * The form of a search. It hands over what the address is to hold.
 * @param {URLSearchParams} parameters
 * @param {(parameters: Record<string, string>) => void} submit
 */
export function searchForm(parameters, submit) {
  const byImage = !parameters.get("caption") && !!parameters.get("imageId");
  const caption = h("input", { name: "text", id: "text", type: "search", required: true, autocomplete: "off",
    value: parameters.get("caption") ?? parameters.get("imageId") ?? "", "aria-label": "Caption or image id" });
  const more = ["top", "shortlist", "rankBy", "deadlineMs", "filter"].some(name => parameters.get(name));
  /** @param {string} label @param {string} name @param {string} hint */
  const number = (label, name, hint) => h("label", {}, label, h("input", { name, inputmode: "numeric", placeholder: hint, value: parameters.get(name) ?? "" }));
  const form = h("form", { class: "query", role: "search", onsubmit(/** @type {Event} */ event) {
    event.preventDefault();
    const by = value(form, "by");
    submit({ [by]: value(form, "text"), ...Object.fromEntries(["top", "shortlist", "rankBy", "deadlineMs", "filter"].map(name => [name, value(form, name)])) });
  } },
  h("div", { class: "line" },
    choice("Search by", "by", [["caption", "caption"], ["imageId", "image id"]], byImage ? "imageId" : "caption", { class: "by" }),
    caption, h("button", {}, "Search")),
  h("details", { open: more }, h("summary", {}, "Options"),
    h("div", { class: "fields" },
      number("Hits", "top", "10"), number("Shortlist", "shortlist", "default"), number("Deadline in ms", "deadlineMs", "none"),
      choice("Order", "rankBy", [["", "both stages"], ["score", "score alone"]], parameters.get("rankBy") ?? ""),
      h("label", { class: "wide" }, "Filter by metadata: key=value, one a line", h("textarea", { name: "filter", rows: 2, spellcheck: false }, parameters.get("filter") ?? "")))));
  return form;
}
