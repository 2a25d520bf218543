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
  const kind = kindOf(bytes);
  if (kind) {
    throw new Error(`${file.name} is ${kind}. Taken are the region features of one image: one array [regions, width] as an .npy file of float16, float32 or float64, or bare float32.`
      + (kind === ARCHIVE ? ` In Python: numpy.save("features.npy", numpy.load("${file.name}")["features"])` : ""));
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  held = { name: file.name, base64: btoa(text) };
  return file.name;
}

const ARCHIVE = "an archive of arrays (.npz)";

/** How files begin that people drop in the place of an array. @type {[string, string][]} */
const KINDS = [["PK\x03\x04", ARCHIVE], ["\xff\xd8\xff", "a picture"], ["\x89PNG", "a picture"], ["GIF8", "a picture"], ["RIFF", "a picture"], ["\x89HDF", "an HDF5 file"]];

/** @param {Uint8Array} bytes */
function kindOf(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  return KINDS.find(([begins]) => start.startsWith(begins))?.[1] ?? null;
}

/**
 * The features in base64; null if the page has been loaded anew since the file was chosen.
 * @param {string} name
 */
export const featuresOf = name => (held?.name === name ? held.base64 : null);
