/** The form that starts an ingestion, of every kind of source. */

import { choice, h, value } from "./dom.js";

/** @typedef {[name: string, label: string, required?: boolean, usual?: string]} Field */

/** Kinds of sources and what is asked for each: members of the request's `source`. @type {Record<string, { title: string, fields: Field[] }>} */
const KINDS = {
  folder: { title: "Precomputed split", fields: [["folder", "Folder below a configured root", true], ["split", "Split", true, "test"]] },
  tsv: { title: "TSV file of a detector", fields: [["tsv", "TSV file below a configured root", true], ["captions", "Captions file, if any"], ["split", "Split of the captions, if any"], ["columns", "Columns in order, if not recognised"]] },
  arrays: { title: "Folder of arrays", fields: [["arrays", "Folder of .npz or .npy files below a configured root", true], ["captions", "Captions file, if any"], ["split", "Split of the captions, if any"]] },
  hdf5: { title: "HDF5 file", fields: [["hdf5", "HDF5 file below a configured root", true], ["captions", "Captions file, if any"], ["split", "Split of the captions, if any"], ["datasets", "Datasets (features=a,ids=b), if not recognised"]] },
};

/** @type {Field} */
const METADATA = ["metadata", "Metadata by id, a file if any"];

/** @param {(request: Record<string, unknown>) => void} start receives the body of the request */
export function sourceForm(start) {
  const fields = h("div", { class: "fields" });
  /** @param {string} kind */
  const show = kind => fields.replaceChildren(...[...KINDS[kind]?.fields ?? [], METADATA].map(([name, label, required = false, usual = ""]) =>
    h("label", {}, label, h("input", { name, required, value: usual, spellcheck: false }))));
  const form = h("form", { class: "start", onsubmit(/** @type {Event} */ event) {
    event.preventDefault();
    const given = [...fields.querySelectorAll("input")].map(({ name }) => [name, value(form, name)]).filter(([, text]) => text);
    start({ source: Object.fromEntries(given), ...value(form, "replace") ? { replace: true } : {}, ...value(form, "restart") ? { restart: true } : {} });
  } },
  choice("Source", "kind", Object.entries(KINDS).map(([kind, { title }]) => [kind, title]), "folder", {
    onchange: (/** @type {Event} */ event) => show(/** @type {HTMLSelectElement} */ (event.target).value) }),
  fields,
  h("label", { class: "check" }, h("input", { type: "checkbox", name: "replace" }), "Replace images of other sources"),
  h("label", { class: "check" }, h("input", { type: "checkbox", name: "restart" }), "From the first row again"),
  h("button", {}, "Start"));
  show("folder");
  return form;
}
