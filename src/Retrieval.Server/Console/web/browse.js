/** Browse: the images of the served index in the order of their ids, part by part. */

/** @import { ListedImage } from "./types.js" */
import { lasting } from "./again.js";
import { images, model } from "./api.js";
import { h } from "./dom.js";
import { link, metadata } from "./hits.js";
import { degraded, misaddressed, waiting } from "./notices.js";
import { count, counted } from "./numbers.js";
import { picture } from "./pictures.js";
import { hrefOf } from "./router.js";

const PART = 48;
const WIDTH = 160;

/** @type {import("./main.js").View} */
export async function browseView(main, parameters, signal) {
  const result = h("section", { "aria-label": "Images", class: "result" }, waiting());
  main.replaceChildren(h("h1", {}, "Browse"), misaddressed(parameters, ["after"]) ?? "", result);
  const after = parameters.get("after");
  await lasting(result, async signal => {
    const [part, served] = await Promise.all([images(after, PART, signal), model(signal)]);
    result.replaceChildren(...[
      degraded(part.degraded),
      h("p", { class: "summary", role: "status" }, part.images.length ? `${counted(part.images.length, "image")} of ${count(served.index.images)}, ${after === null ? "from the first id" : `after ${after}`}`
        : after === null ? "The index is empty: ingest something first (Operate)." : `No image comes after ${after}.`),
      listed(part.images, served.pictures),
      h("nav", { "aria-label": "Pages", class: "pages" }, after === null ? null : h("a", { href: hrefOf("browse") }, "First images"), " ",
        part.next === null ? null : h("a", { href: hrefOf("browse", { after: part.next }) }, "Next images")),
    ].filter(part => part !== null));
  }, signal);
}

/**
 * Images with what can be searched for them.
 * @param {ListedImage[]} all
 * @param {boolean} pictures
 */
export const listed = (all, pictures) => h("ul", { class: `hits ${pictures ? "grid small" : "rows"}` }, ...all.map(({ id, captions, metadata: known }) => h("li", { class: "hit" },
  pictures ? h("a", { class: "frame", href: hrefOf("search", { imageId: id }), tabindex: -1, "aria-hidden": true }, picture(id, WIDTH)) : null,
  h("div", { class: "about" }, h("p", { class: "id" }, id),
    known ? metadata(known) : null,
    h("p", { class: "faint" }, counted(captions, "caption")),
    h("p", { class: "actions" }, link(hrefOf("search", { imageId: id }), "Captions", ` for ${id}`), " ", link(hrefOf("search", { like: id }), "More like this", ` of ${id}`))))));
