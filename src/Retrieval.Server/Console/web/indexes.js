/** The indexes of a catalog, and which of them replicas serve. */

/** @import { StoredIndex } from "./types.js" */
import { activateIndex, indexes, RequestError } from "./api.js";
import { h, renew } from "./dom.js";
import { fault } from "./notices.js";
import { count } from "./numbers.js";

/** @param {AbortSignal} signal */
export function indexPanel(signal) {
  const list = h("div", {});
  const said = h("div", { "aria-live": "polite" });
  /** The index whose activation waits for a second press: all replicas switch. */
  let asked = "";
  /** @type {StoredIndex[]} */
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

  const refresh = async () => {
    try {
      known = await indexes(signal);
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
    await refresh();
  };

  return { panel: h("section", { class: "panel", "aria-labelledby": "indexes" }, h("h2", { id: "indexes" }, "Indexes"), said, list), refresh };
}

/**
 * @param {StoredIndex[]} known
 * @param {string} asked
 * @param {(name: string, what: "ask" | "activate" | "keep") => void} choose
 */
function table(known, asked, choose) {
  const active = known.find(index => index.active)?.name ?? "the present one";
  return h("table", {},
    h("thead", {}, h("tr", {}, ...["index", "model", "epoch", "state", ""].map(text => h(text ? "th" : "td", text ? { scope: "col" } : {}, text)))),
    h("tbody", {}, ...known.map(({ name, model, epoch, active: isActive, served, incomplete }) => h("tr", {},
      h("th", { scope: "row" }, name ?? "local index"), h("td", {}, model), h("td", {}, count(epoch)),
      h("td", {}, [isActive ? "active" : "", served ? "served here" : "", incomplete ? `not complete: ${incomplete}` : ""].filter(Boolean).join(", ") || "complete"),
      h("td", {}, h("div", { class: "actions" }, ...isActive || name === null || incomplete ? [] : asked === name ? [
        h("button", { type: "button", id: `activate-${name}`, onclick: () => choose(name, "activate") }, `Let all replicas serve ${name}`),
        h("button", { type: "button", class: "quiet", onclick: () => choose(name, "keep") }, `Keep ${active}`),
      ] : [h("button", { type: "button", class: "quiet", id: `ask-${name}`, "aria-label": `Activate ${name}`, onclick: () => choose(name, "ask") }, "Activate")]))))));
}
