/** The view and its parameters stand in the address, behind the #, so that every view can be linked to. */

/**
 * @param {string} view
 * @param {Record<string, string | number | null | undefined>} parameters empty ones are left out
 */
export function hrefOf(view, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") {
      query.set(name, String(value));
    }
  }
  return `#/${view}${query.size ? "?" + query : ""}`;
}

/** Where the address leads. */
export function route() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { view: path || "search", parameters: new URLSearchParams(query) };
}

/**
 * Goes there; shows the view again if it is there already.
 * @param {string} href
 */
export function go(href) {
  if (location.hash === href) {
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = href;
  }
}

/** The links of the bar, which lead to the views. @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll(/** @type {"a"} */ ("header nav a"))];

/** @param {HTMLAnchorElement} link */
const viewOf = link => (link.getAttribute("href") ?? "").split("?")[0] ?? "";

/**
 * Marks the link of the view that is shown; all lead to the beginnings of their views again.
 * @param {string} view
 */
export function mark(view) {
  for (const link of links()) {
    link.setAttribute("href", viewOf(link));
    if (viewOf(link) === hrefOf(view)) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

/**
 * Lets the link of another view lead on from what is shown, until something else is.
 * @param {string} view
 * @param {Record<string, string>} parameters
 */
export const lead = (view, parameters) => links().find(link => viewOf(link) === hrefOf(view))?.setAttribute("href", hrefOf(view, parameters));
