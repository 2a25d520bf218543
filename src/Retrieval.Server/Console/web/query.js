/** A search as it stands in the address, in a form, and in a request. */

import { choice, h, value } from "./dom.js";
import { featuresOf, take } from "./features.js";
import { indexChoice } from "./indexchoice.js";

/** @typedef {{ kind: "images" | "captions", body: Record<string, unknown> }} Request */

const NUMBERS = ["top", "offset", "shortlist", "deadlineMs"];

/** What the form has under Options. */
const OPTIONS = ["index", "top", "shortlist", "rankBy", "deadlineMs", "filter"];

/** What is searched for, of which an address has one. */
export const QUERIES = ["caption", "like", "imageId", "file"];

/** What the address of a search may have. */
export const MEMBERS = [...QUERIES, "find", "offset", ...OPTIONS];

/**
 * The request that an address stands for; null without a caption or an image. `like` is an image that others are to be like;
 * `file` are features that the page holds, of which `find` says what is searched for them.
 * @param {URLSearchParams} parameters
 * @returns {Request | null}
 */
export function requestOf(parameters) {
  const [caption, like, imageId, file] = QUERIES.map(name => parameters.get(name));
  const features = file ? featuresOf(file) : null;
  /** @type {Record<string, unknown> | null} */
  const body = caption ? { caption } : like ? { imageId: like } : imageId ? { imageId } : features ? { features } : null;
  if (!body) {
    return null;
  }
  const index = parameters.get("index");
  if (index) {
    body["index"] = index;
  }
  const images = caption || like || (!imageId && parameters.get("find") === "images");
  for (const name of NUMBERS) {
    const text = parameters.get(name);
    if (text) {
      // What is no number goes to the service as it is, whose message says what was expected.
      body[name] = Number.isFinite(Number(text)) ? Number(text) : text;
    }
  }
  // Without a second stage there is nothing to choose.
  if (images && !caption) {
    delete body["shortlist"];
  } else if (parameters.get("rankBy")) {
    body["rankBy"] = parameters.get("rankBy");
  }
  const filter = filterOf(parameters.get("filter") ?? "");
  if (filter) {
    body["filter"] = filter;
  }
  return { kind: images ? "images" : "captions", body };
}

const ENDS = /** @type {Record<string, string>} */ ({ ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" });

/**
 * Conditions, one a line. `key=value` takes that text and, where it reads as a number or boolean, that value however it is written.
 * `key>=number`, `>`, `<` and `<=` of one key together are one range. Values and the range of one key are alternatives.
 * @param {string} text
 */
export function filterOf(text) {
  /** @type {Map<string, unknown[]>} */
  const filter = new Map();
  /** @type {Map<string, Record<string, unknown>>} */
  const ranges = new Map();
  for (const line of text.split("\n").map(line => line.trim()).filter(line => line)) {
    const [, name = line, sign = "=", wanted = ""] = /^([^<>=]*?)\s*(<=|>=|[<>=])\s*(.*)$/.exec(line) ?? [];
    const wantedAs = valueOf(wanted);
    const end = ENDS[sign];
    const all = filter.get(name) ?? [];
    filter.set(name, all);
    // No condition, or one of another language (==, !=, =>): the service says what it expected of such a key.
    if (!name || name === line || name.endsWith("!") || /^[<>=]/.test(wanted)) {
      all.push(null);
      continue;
    }
    if (!end) {
      all.push(wanted, ...wantedAs === wanted ? [] : [wantedAs]);
      continue;
    }
    const range = ranges.get(name) ?? {};
    if (!ranges.has(name)) {
      all.push(range);
      ranges.set(name, range);
    }
    // Of an end that is given twice the service says so.
    range[end] = end in range ? [range[end], wantedAs] : wantedAs;
  }
  return filter.size ? Object.fromEntries([...filter].map(([name, wanted]) => [name, wanted.length === 1 ? wanted[0] : wanted])) : null;
}

/**
 * A number or boolean where a text reads as one. A number of more digits than a page can hold is sent as it is written, by
 * browsers that can.
 * @param {string} text
 */
function valueOf(text) {
  const [, whole, fraction = ""] = /^-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE][+-]?\d{1,2})?$/.exec(text) ?? [];
  if (whole !== undefined) {
    // Not in the types of every library yet.
    const { rawJSON } = /** @type {{ rawJSON?: (text: string) => unknown }} */ (/** @type {unknown} */ (JSON));
    return (whole + fraction).length <= 15 ? Number(text) : rawJSON ? rawJSON(text) : text;
  }
  return text === "true" || text === "false" ? text === "true" : text;
}

/**
 * The form of a search, what tells it which indexes there are, and what it holds. It hands over what the address is to hold.
 * @param {URLSearchParams} parameters
 * @param {(parameters: Record<string, string>) => void} submit
 */
export function searchForm(parameters, submit) {
  const by = ["caption", "like", "imageId"].find(name => parameters.get(name)) ?? "caption";
  const caption = h("input", { name: "text", id: "text", type: "search", required: true, autocomplete: "off",
    value: parameters.get(by) ?? "", "aria-label": "Caption or image id" });
  const more = OPTIONS.some(name => parameters.get(name));
  const index = indexChoice("index", parameters.get("index") ?? "");
  /** @param {string} label @param {string} name @param {string} hint */
  const number = (label, name, hint) => h("label", {}, label, h("input", { name, inputmode: "numeric", placeholder: hint, value: parameters.get(name) ?? "" }));
  const options = () => Object.fromEntries(OPTIONS.map(name => [name, value(form, name)]));
  const typed = () => ({ [value(form, "by")]: value(form, "text"), ...options() });
  const form = h("form", { class: "query", role: "search", onsubmit(/** @type {Event} */ event) {
    event.preventDefault();
    submit(typed());
  } },
  h("div", { class: "line" },
    choice("Search by", "by", [["caption", "caption"], ["imageId", "image id"], ["like", "images like image id"]], by, { class: "by" }),
    caption, h("button", {}, "Search")),
  h("details", { open: more }, h("summary", {}, "Options"),
    h("div", { class: "fields" }, index.holder,
      number("Hits", "top", "10"), number("Shortlist", "shortlist", "default"), number("Deadline in ms", "deadlineMs", "none"),
      choice("Order", "rankBy", [["", "both stages"], ["score", "score alone"]], parameters.get("rankBy") ?? ""),
      filterField(parameters))));
  return { form: h("div", { class: "queries" }, form, featuresField(parameters, found => submit({ ...found, ...options() }))), know: index.know, typed };
}

/** @param {URLSearchParams} parameters */
export const filterField = parameters => h("label", { class: "wide" }, "Filter by metadata: key=value or key>=number, one a line",
  h("textarea", { name: "filter", rows: 3, spellcheck: false }, parameters.get("filter") ?? ""));

/**
 * Takes an .npy file of features, chosen or dropped, and searches with it.
 * @param {URLSearchParams} parameters
 * @param {(parameters: Record<string, string>) => void} submit
 */
function featuresField(parameters, submit) {
  const file = parameters.get("file");
  const said = h("span", { class: "faint", role: "status" }, file ? (featuresOf(file) ? file : `${file} is no longer held by the page: choose it again.`) : "");
  /** @param {File | null | undefined} chosen */
  const search = async chosen => {
    if (!chosen) {
      return;
    }
    try {
      submit({ file: await take(chosen), find: value(form, "find") });
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  const input = h("input", { type: "file", accept: ".npy", onchange() {
    void search(input.files?.[0]);
  } });
  const form = h("form", { class: "features", ondragover(/** @type {DragEvent} */ event) {
    event.preventDefault();
  }, ondrop(/** @type {DragEvent} */ event) {
    event.preventDefault();
    void search(event.dataTransfer?.files[0]);
  } },
  choice("For features of an image, find", "find", [["captions", "captions"], ["images", "images like it"]], parameters.get("find") ?? "captions"),
  h("label", {}, "Choose or drop an .npy file", input), said);
  return form;
}
