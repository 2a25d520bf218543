/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en");

/** @param {number} number */
export const count = number => whole.format(number);

/** @param {number | null | undefined} number four digits that count, as scores have them */
export const score = number => (number === null || number === undefined ? "–"
  : Math.abs(number) >= 1e-3 || number === 0 ? String(Number(number.toPrecision(4))) : number.toExponential(2));

/** @param {number} seconds */
export const duration = seconds => (seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))} ms`
  : seconds < 120 ? `${Number(seconds.toPrecision(3))} s` : `${Math.round(seconds / 60)} min`);

/** @param {number} bytes */
export const bytes = bytes => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (number, one, many = one + "s") => `${count(number)} ${number === 1 ? one : many}`;
