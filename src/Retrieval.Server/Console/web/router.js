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
