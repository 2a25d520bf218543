/** The same request for a shell. */

import { h } from "./dom.js";

/** @param {string} text quoted for a POSIX shell */
const quoted = text => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The command; the key is not part of it. Features are those of a file that has to be named.
 * @param {string} path
 * @param {Record<string, unknown>} body
 */
export const curlOf = (path, { features, ...body }) => (features === undefined ? `curl -s ${quoted(location.origin + path)} -H 'content-type: application/json' -d ${quoted(JSON.stringify(body))}`
  : `curl -s ${quoted(location.origin + path + queryOf(body))} -H 'content-type: application/x-npy' --data-binary @features.npy`);

/** @param {Record<string, unknown>} members */
function queryOf(members) {
  const query = new URLSearchParams(Object.entries(members).map(([name, given]) => [name, typeof given === "object" ? JSON.stringify(given) : String(given)]));
  return query.size ? `?${query}` : "";
}

/**
 * A button that copies the command. Where a page may not write to the clipboard the command is there to be marked.
 * @param {string} path
 * @param {Record<string, unknown>} body
 */
export function copyAsCurl(path, body) {
  const command = curlOf(path, body);
  const said = h("span", { class: "faint", role: "status" });
  const text = h("code", { class: "command", tabindex: 0, hidden: true }, command);
  return h("div", { class: "curl" }, h("button", { type: "button", class: "quiet", async onclick() {
    try {
      await navigator.clipboard.writeText(command);
      said.textContent = "Copied";
    } catch {
      text.hidden = false;
      getSelection()?.selectAllChildren(text);
      said.textContent = "Marked: copy it with the keyboard";
    }
  } }, "Copy as curl"), " ", said, text);
}
