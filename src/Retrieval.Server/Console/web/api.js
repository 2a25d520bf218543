/** Requests to the service, all below /v1, /health and /metrics of the same origin. */

/** @import { Explanation, Health, Ingestion, Model, Problem, SearchAnswer, StoredIndex } from "./types.js" */

const KEY = "retrieval.key";

/** An answer that is none: what the service, or the network, says. */
export class RequestError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The key that is sent with each request; empty for none. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  /** @param {string} text */
  set(text) {
    if (text) {
      sessionStorage.setItem(KEY, text);
    } else {
      sessionStorage.removeItem(KEY);
    }
  },
};

/**
 * @param {string} path
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal | undefined }} [request]
 * @returns {Promise<Response>}
 */
async function send(path, { method, body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (key.get()) {
    if (!/^[\x20-\x7e]*$/.test(key.get())) {
      throw new RequestError({ title: "Not sent", status: 0, detail: "The key holds characters that no header can carry: it has letters, digits and signs of ASCII alone." });
    }
    headers["X-Api-Key"] = key.get();
  }
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"), headers, signal: signal ?? null,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new RequestError({ title: "No answer", status: 0, detail: "The service does not answer. It may have been stopped, or the network is down." });
  }
  if (!response.ok) {
    throw new RequestError(await problemOf(response));
  }
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemOf(response) {
  try {
    /** @type {Problem} */
    const problem = await response.json();
    return response.status === 401 ? { ...problem, detail: `${problem.detail}. A key is entered at the top of the page, under Key.` } : problem;
  } catch {
    // A proxy's own page.
    return { title: response.statusText || "Error", status: response.status,
      detail: `The answer is a ${response.status} without a reason.${[401, 403].includes(response.status) ? " A key may be wanted: it is entered at the top of the page." : ""}` };
  }
}

/**
 * JSON with the numbers of metadata as they are written: 9007199254740993 and 3.0 are no numbers of a page. Where a browser does
 * not tell what was written, it is as with any JSON.
 * @param {string} text
 */
function withMetadata(text) {
  /** @type {WeakMap<object, Map<string, string>>} */
  const written = new WeakMap();
  return JSON.parse(text, /** @type {(this: any, name: string, value: any, context?: { source?: string }) => any} */ (function (name, value, context) {
    if (typeof value === "number" && context?.source !== undefined && String(value) !== context.source) {
      written.set(this, (written.get(this) ?? new Map()).set(name, context.source));
    } else if (name === "metadata" && value !== null && typeof value === "object") {
      return { ...value, ...Object.fromEntries(written.get(value) ?? []) };
    }
    return value;
  }));
}

/** Address of pictures elsewhere, with {id}; null if the service has them. @type {string | null} */
let template = null;

/** @param {AbortSignal} [signal] @returns {Promise<Model>} */
export async function model(signal) {
  /** @type {Model} */
  const served = await (await send("/v1/model", { signal })).json();
  template = served.pictureTemplate;
  return served;
}

/** @param {AbortSignal} [signal] @returns {Promise<Health>} */
export const ready = async signal => (await send("/health/ready", { signal })).json();

/** @param {AbortSignal} [signal] */
export const metrics = async signal => (await send("/metrics", { signal })).text();

/**
 * A search, and the milliseconds that the service took for it.
 * @param {"images" | "captions"} kind
 * @param {Record<string, unknown>} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ answer: SearchAnswer, stages: Map<string, number> }>}
 */
export async function search(kind, body, signal) {
  const response = await send(`/v1/search/${kind}`, { body, signal });
  return { answer: withMetadata(await response.text()), stages: stagesOf(response) };
}

/** @param {Record<string, unknown>} body @param {AbortSignal} [signal] @returns {Promise<Explanation>} */
export const explain = async (body, signal) => (await send("/v1/explain", { body, signal })).json();

/** @param {AbortSignal} [signal] @returns {Promise<Ingestion[]>} */
export const ingestions = async signal => (await (await send("/v1/ingestions", { signal })).json()).ingestions;

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Ingestion>} */
export const ingestion = async (id, signal) => (await send(`/v1/ingestions/${encodeURIComponent(id)}`, { signal })).json();

/** @param {Record<string, unknown>} body @returns {Promise<Ingestion>} */
export const startIngestion = async body => (await send("/v1/ingestions", { body })).json();

/** @param {string} id @returns {Promise<Ingestion>} */
export const cancelIngestion = async id => (await send(`/v1/ingestions/${encodeURIComponent(id)}`, { method: "DELETE" })).json();

/** @param {AbortSignal} [signal] @returns {Promise<StoredIndex[]>} */
export const indexes = async signal => (await (await send("/v1/indexes", { signal })).json()).indexes;

/** @param {string} name @returns {Promise<StoredIndex>} */
export const activateIndex = async name => (await send("/v1/indexes/active", { method: "PUT", body: { name } })).json();

/**
 * Where a picture can be loaded from. With a key it is fetched here: an address alone carries none.
 * @param {string} id
 * @param {number} [width]
 * @returns {Promise<string>}
 */
export async function pictureOf(id, width) {
  if (template) {
    return template.replace("{id}", encodeURIComponent(id));
  }
  const path = `/v1/pictures/${encodeURIComponent(id)}${width ? `?width=${width}` : ""}`;
  return key.get() ? URL.createObjectURL(await (await send(path)).blob()) : path;
}

/** @param {Response} response */
function stagesOf(response) {
  const stages = new Map();
  for (const part of (response.headers.get("Server-Timing") ?? "").split(",")) {
    const [name, taken] = part.trim().split(";dur=");
    if (name && taken) {
      stages.set(name, Number(taken));
    }
  }
  return stages;
}
