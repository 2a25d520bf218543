import { rekeyed } from "./again.js";
import { key } from "./api.js";
import { browseView } from "./browse.js";
import { compareView } from "./compare.js";
import { h } from "./dom.js";
import { fault } from "./notices.js";
import { operateView } from "./operate.js";
import { hrefOf, mark, route } from "./router.js";
import { searchView } from "./search.js";
import { whyView } from "./why.js";

/**
 * Shows a view; the signal ends when another is shown.
 * @typedef {(main: HTMLElement, parameters: URLSearchParams, signal: AbortSignal) => void | Promise<void>} View
 */

/** @type {Record<string, [title: string, view: View]>} */
const views = { search: ["Search", searchView], browse: ["Browse", browseView], why: ["Why", whyView], compare: ["Compare", compareView], operate: ["Operate", operateView] };

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let shown = new AbortController();

async function show() {
  const { view, parameters } = route();
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  mark(view);
  const [title, render] = (Object.hasOwn(views, view) ? views[view] : null) ?? ["Nothing here", nothing];
  document.title = `${title} – Retrieval console`;
  try {
    await render(main, parameters, signal);
  } catch (error) {
    if (!signal.aborted) {
      main.replaceChildren(fault(error));
    }
  }
}

/** @param {HTMLElement} main */
function nothing(main) {
  main.replaceChildren(h("h1", {}, "Nothing here"), h("p", {}, "The console has no such view. ", h("a", { href: hrefOf("search") }, "Search")));
}

const field = /** @type {HTMLInputElement} */ (document.getElementById("key"));
field.value = key.get();
const enter = () => {
  key.set(field.value);
  rekeyed();
};
field.addEventListener("change", enter);
const panel = /** @type {HTMLDetailsElement} */ (document.querySelector(".key"));
document.getElementById("keyform")?.addEventListener("submit", event => {
  event.preventDefault();
  field.blur();
  panel.open = false;
  // The same key again, too: it may be one that counts by now.
  enter();
});
// It lies over the page.
addEventListener("pointerdown", event => {
  if (event.target instanceof Node && !panel.contains(event.target)) {
    panel.open = false;
  }
});
addEventListener("hashchange", () => void show());
document.querySelector(".skip")?.addEventListener("click", event => {
  // The address behind the # is the view's.
  event.preventDefault();
  main.focus();
});
void show();
