/** Which index is searched: a choice where more than one is held, and how much each holds. */

/** @import { Model } from "./types.js" */
import { choice, h } from "./dom.js";

/**
 * The choice; until the model is known, and where one index is held alone, it has room for what the address says and no more.
 * @param {string} name
 * @param {string} chosen
 */
export function indexChoice(name, chosen) {
  const holder = h("span", { class: "index" });
  /** @param {[string, string][]} options */
  const show = options => holder.replaceChildren(choice("Index", name, options, holder.querySelector("select")?.value ?? chosen));
  if (chosen) {
    show([["", "served"], [chosen, chosen]]);
  }
  return {
    holder,
    /** @param {Model} served */
    know({ further, catalog }) {
      const names = further.map(index => index.name).filter(other => other !== catalog?.index);
      if (names.length || chosen) {
        const others = [...new Set([...names, chosen])].filter(other => other && other !== catalog?.index);
        show([["", catalog?.index ? `${catalog.index} (served)` : "served"], ...others.map(other => /** @type {[string, string]} */ ([other, other]))]);
      }
    },
  };
}

/**
 * How much an index holds: the served one, or one beside it.
 * @param {Model} served
 * @param {string | null} name
 */
export function held({ index, further }, name) {
  const other = further.find(one => one.name === name);
  return other ? { images: other.images ?? 0, captions: other.captions ?? 0 } : index;
}
