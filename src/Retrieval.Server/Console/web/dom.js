/** Elements. Every text is put in as text: nothing that came from the service is ever read as markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Attributes `on…` are listeners, `true` is an empty attribute, of ARIA's the word, `false` and `null` are none. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Element} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
}

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/**
 * Makes an element of SVG.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return /** @type {SVGElementTagNameMap[T]} */ (element);
}

/**
 * Puts other content into an element, unless it reads the same: what is marked, has the focus or is read aloud is left alone.
 * @param {Element} element
 * @param {...Node} children
 */
export function renew(element, ...children) {
  if (element.textContent !== children.map(child => child.textContent).join("")) {
    element.replaceChildren(...children);
  }
}

/**
 * The control of a form by its name.
 * @param {HTMLFormElement} form
 * @param {string} name
 */
export function value(form, name) {
  const found = new FormData(form).get(name);
  return typeof found === "string" ? found.trim() : "";
}

/**
 * One choice of several.
 * @param {string} label
 * @param {string} name
 * @param {[string, string][]} options values and what they are called
 * @param {string} chosen
 * @param {Attributes} [attributes]
 */
export function choice(label, name, options, chosen, attributes = {}) {
  return h("label", {}, label, h("select", { name, ...attributes },
    ...options.map(([key, text]) => h("option", { value: key, selected: key === chosen }, text))));
}
