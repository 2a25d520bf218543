/** Titles of outputs: they are sentences, of which the beginning is the name and the rest an explanation. */

/** @import { Output } from "./types.js" */

/**
 * The part of each title that names it, and the rest; a title whole where another begins alike.
 * @param {Output[]} outputs
 * @returns {Map<Output, { name: string, rest: string }>}
 */
export function titlesOf(outputs) {
  const parts = outputs.map(({ title }) => /^(.+?), (.+)$/s.exec(title)?.slice(1) ?? [title, ""]);
  const names = parts.map(([name]) => name);
  return new Map(outputs.map((output, at) => {
    const [name = "", rest = ""] = parts[at] ?? [];
    return [output, names.indexOf(name) === names.lastIndexOf(name) ? { name, rest } : { name: output.title, rest: "" }];
  }));
}
