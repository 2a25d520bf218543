/** Reads the text format of Prometheus, as far as the console shows it. */

/** @typedef {{ labels: Record<string, string>, value: number }} Sample */

/**
 * All samples by their names.
 * @param {string} text
 * @returns {Map<string, Sample[]>}
 */
export function read(text) {
  /** @type {Map<string, Sample[]>} */
  const samples = new Map();
  for (const line of text.split("\n")) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (parts) {
      const [, name = "", labels = "", number = ""] = parts;
      samples.set(name, [...samples.get(name) ?? [], { labels: labelsOf(labels), value: Number(number.replace("Inf", "Infinity")) }]);
    }
  }
  return samples;
}

/** @param {string} text */
function labelsOf(text) {
  /** @type {Record<string, string>} */
  const labels = {};
  for (const [, name = "", value = ""] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

/**
 * The only sample of a name; undefined if there is none.
 * @param {Map<string, Sample[]>} samples
 * @param {string} name
 */
export const single = (samples, name) => samples.get(name)?.[0]?.value;

/**
 * A histogram's count, mean and quantiles for each value of a label. A quantile is the bound of the bucket it falls in.
 * @param {Map<string, Sample[]>} samples
 * @param {string} name
 * @param {string} label
 * @returns {{ label: string, count: number, mean: number, half: number, most: number }[]}
 */
export function histogram(samples, name, label) {
  /** @type {Map<string, { bounds: [number, number][], count: number, sum: number }>} */
  const found = new Map();
  /** @param {Sample} sample */
  const of = sample => {
    const key = sample.labels[label] ?? "";
    const one = found.get(key) ?? { bounds: [], count: 0, sum: 0 };
    found.set(key, one);
    return one;
  };
  for (const sample of samples.get(name + "_bucket") ?? []) {
    of(sample).bounds.push([Number((sample.labels["le"] ?? "").replace("+Inf", "Infinity")), sample.value]);
  }
  for (const sample of samples.get(name + "_count") ?? []) {
    of(sample).count += sample.value;
  }
  for (const sample of samples.get(name + "_sum") ?? []) {
    of(sample).sum += sample.value;
  }
  return [...found].map(([key, { bounds, count, sum }]) => {
    /** @param {number} share */
    const quantile = share => bounds.sort((a, b) => a[0] - b[0]).find(([, below]) => below >= share * count)?.[0] ?? Infinity;
    return { label: key, count, mean: count ? sum / count : 0, half: quantile(0.5), most: quantile(0.95) };
  }).filter(one => one.count > 0);
}
