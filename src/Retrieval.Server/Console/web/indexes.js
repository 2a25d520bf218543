/** All indexes that there are: of the catalog, or the local one, and those that the server holds beside it; which of them replicas serve. */

/** @import { Model, StoredIndex } from "./types.js" */
import { activateIndex, indexes, model, RequestError } from "./api.js";
import { h, renew } from "./dom.js";
import { fault } from "./notices.js";
import { count } from "./numbers.js";

/** @param {AbortSignal} signal */
export function indexPanel(signal) {
  const list = h("div", {});
  const said = h("div", { "aria-live": "polite" });
  /** The index whose activation waits for a second press: all replicas switch. */
  let asked = "";
  /** @type {Row[]} */
  let known = [];
  /** The index that was activated here. */
  let activated = "";

  const show = () => {
    const focused = document.activeElement?.id;
    renew(list, known.length ? table(known, asked, choose) : h("p", { class: "faint" }, "No index yet."));
    if (focused) {
      document.getElementById(focused)?.focus();
    }
  };

  /** @param {Promise<Model>} asked what is served */
  const refresh = async asked => {
    try {
      // A replica that is not ready yet has a catalog to list all the same.
      const [stored, served] = await Promise.all([indexes(signal), asked.catch(() => null)]);
      known = rowsOf(stored, served);
      show();
      const index = known.find(other => other.name === activated && other.active);
      if (index) {
        renew(said, h("p", {}, `${index.name} is active. ${index.served ? "This replica serves it." : "This replica serves the former one until it has fetched it."}`));
      }
    } catch (error) {
      if (!signal.aborted) {
        renew(list, fault(error, false));
      }
    }
  };

  /** @param {string} name @param {"ask" | "activate" | "keep"} what */
  const choose = (name, what) => {
    asked = what === "ask" ? name : "";
    activated = "";
    said.replaceChildren();
    show();
    document.getElementById(what === "ask" ? `activate-${name}` : `ask-${name}`)?.focus();
    if (what === "activate") {
      void activate(name);
    }
  };

  /** @param {string} name */
  const activate = async name => {
    try {
      await activateIndex(name);
      activated = name;
    } catch (error) {
      if (!(error instanceof RequestError)) {
        throw error;
      }
      said.replaceChildren(fault(error));
    }
    await refresh(model(signal));
  };

  // On a narrow window it scrolls sideways, and there may be nothing in it to press: so it takes the focus itself.
  return { panel: h("section", { class: "panel", "aria-labelledby": "indexes", tabindex: 0 }, h("h2", { id: "indexes" }, "Indexes"), said, list), refresh };
}

/** @typedef {{ name: string | null, model: string, images: number | null, epoch: number | null, active: boolean, served: boolean, state: string, complete: boolean }} Row */

/**
 * @param {StoredIndex[]} stored
 * @param {Model | null} model null while nothing is served
 * @returns {Row[]}
 */
function rowsOf(stored, model) {
  const beside = new Map((model?.further ?? []).map(other => [other.name, other]));
  /** @param {string | null} name */
  const besideOf = name => (name === null ? undefined : beside.get(name));
  /** @param {string | null} name */
  const held = name => (besideOf(name) ? besideOf(name)?.notReady ?? "held beside it" : "");
  return [
    ...stored.map(({ incomplete, ...index }) => ({ ...index, images: index.served ? model?.index.images ?? null : besideOf(index.name)?.images ?? null, complete: !incomplete,
      state: [index.active ? "active" : "", index.served ? "served here" : "", held(index.name), incomplete ? `not complete: ${incomplete}` : ""].filter(Boolean).join(", ") || "complete" })),
    ...[...beside.values()].filter(other => stored.every(index => index.name !== other.name)).map(({ name, images, epoch }) =>
      ({ name, model: model?.model ?? "", images, epoch, active: false, served: false, state: held(name), complete: false })),
  ];
}

/**
 * @param {Row[]} known
 * @param {string} asked
 * @param {(name: string, what: "ask" | "activate" | "keep") => void} choose
 */
function table(known, asked, choose) {
  const active = known.find(index => index.active)?.name ?? "the present one";
  return h("table", {},
    h("thead", {}, h("tr", {}, ...["index", "model", "images", "epoch", "state", ""].map(text => h(text ? "th" : "td", text ? { scope: "col" } : {}, text)))),
    h("tbody", {}, ...known.map(({ name, model, images, epoch, active: isActive, state, complete }) => h("tr", {},
      h("th", { scope: "row" }, name ?? "local index"), h("td", {}, model), ...[images, epoch].map(number => h("td", {}, number === null ? "–" : count(number))), h("td", {}, state),
      h("td", {}, h("div", { class: "actions" }, ...isActive || name === null || !complete ? [] : asked === name ? [
        h("button", { type: "button", id: `activate-${name}`, onclick: () => choose(name, "activate") }, `Let all replicas serve ${name}`),
        h("button", { type: "button", class: "quiet", onclick: () => choose(name, "keep") }, `Keep ${active}`),
      ] : [h("button", { type: "button", class: "quiet", id: `ask-${name}`, "aria-label": `Activate ${name}`, onclick: () => choose(name, "ask") }, "Activate")]))))));
}
