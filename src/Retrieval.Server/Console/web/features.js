/** Features of an image from a file of the person's own. The page holds them; they are sent with a search and stored nowhere. */

const MOST_BYTES = 6 << 20;
const PIECE = 0x8000;

/** @type {{ name: string, base64: string } | null} */
let held = null;

/**
 * Keeps the features of a file for searches.
 * @param {File} file
 * @returns {Promise<string>} its name
 */
export async function take(file) {
  if (file.size > MOST_BYTES) {
    throw new Error(`${file.name} has ${file.size} bytes; features of one image have at most ${MOST_BYTES}.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  held = { name: file.name, base64: btoa(text) };
  return file.name;
}

/**
 * The features in base64; null if the page has been loaded anew since the file was chosen.
 * @param {string} name
 */
export const featuresOf = name => (held?.name === name ? held.base64 : null);
