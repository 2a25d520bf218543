/** Requests to the service, all below /v1, /health and /metrics of the same origin. */

/** @import { Explanation, Health, ImageList, Ingestion, Model, Problem, SearchAnswer, StoredImage, StoredIndex } from "./types.js" */

const KEY = "retrieval.key";

/** An answer that is none: what the service, or the network, says. */
export class RequestError extends Error {
  /** @param {Problem} problem @param {boolean} [cut] whether there was no answer, or not all of it */
  constructor(problem, cut = false) {
    super(problem.detail);
    this.problem = problem;
    this.cut = cut;
  }
}

/**
 * Whether the service is away, so that the same request may have an answer later: stopped, starting, or behind a proxy that does not
 * reach it.
 * @param {unknown} error
 */
export const isAway = error => error instanceof RequestError && (error.cut || error.problem.status === 502 || error.problem.status === 503);

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
    throw new RequestError({ title: "No answer", status: 0, detail: "The service does not answer. It may have been stopped, or the network is down." }, true);
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

/**
 * The answer as JSON.
 * @template T
 * @param {string} path
 * @param {Parameters<typeof send>[1]} [request]
 * @returns {Promise<T>}
 */
async function ask(path, request) {
  return read(await send(path, request), request?.signal);
}

/**
 * @param {Response} response
 * @param {AbortSignal | undefined} [signal]
 */
async function read(response, signal) {
  /** @type {string | null} */
  let text = null;
  try {
    text = await response.text();
    return withMetadata(text);
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new RequestError({ title: "Broken answer", status: response.status,
      detail: "The answer is cut off, or no JSON: the service may have been stopped, or something between it and this page answered in its place." }, text === null);
  }
}

/** Address of pictures elsewhere, with {id}; null if the service has them. @type {string | null} */
let template = null;

/** @param {AbortSignal} [signal] @returns {Promise<Model>} */
export async function model(signal) {
  /** @type {Model} */
  const served = await ask("/v1/model", { signal });
  template = served.pictureTemplate;
  return served;
}

/** @param {AbortSignal} [signal] @returns {Promise<Health>} */
export const ready = signal => ask("/health/ready", { signal });

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
  return { answer: await read(response, signal), stages: stagesOf(response) };
}

/**
 * The images of the served index that follow an id.
 * @param {string | null} after null for the first ones
 * @param {number} limit
 * @param {AbortSignal} [signal]
 * @returns {Promise<ImageList>}
 */
export const images = (after, limit, signal) => ask(`/v1/images?${new URLSearchParams({ limit: String(limit), ...after === null ? {} : { after } })}`, { signal });

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<StoredImage>} */
export const image = (id, signal) => ask(`/v1/images/${encodeURIComponent(id)}`, { signal });

/**
 * Whether an index has an image of this id. Asked as a query of a batch, for which an unknown id is no failed request.
 * @param {string} imageId
 * @param {unknown} index
 * @param {AbortSignal} [signal]
 * @returns {Promise<boolean>}
 */
export async function isImage(imageId, index, signal) {
  /** @type {{ answers: object[] }} */
  const { answers } = await ask("/v1/search/batch", { body: { queries: [{ imageId, top: 1, shortlist: 1, index }] }, signal });
  return answers.every(answer => "hits" in answer);
}

/** @param {Record<string, unknown>} body @param {AbortSignal} [signal] @returns {Promise<Explanation>} */
export const explain = (body, signal) => ask("/v1/explain", { body, signal });

/** @param {AbortSignal} [signal] @returns {Promise<Ingestion[]>} */
export const ingestions = async signal => /** @type {{ ingestions: Ingestion[] }} */ (await ask("/v1/ingestions", { signal })).ingestions;

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Ingestion>} */
export const ingestion = (id, signal) => ask(`/v1/ingestions/${encodeURIComponent(id)}`, { signal });

/** @param {Record<string, unknown>} body @returns {Promise<Ingestion>} */
export const startIngestion = body => ask("/v1/ingestions", { body });

/** @param {string} id @returns {Promise<Ingestion>} */
export const cancelIngestion = id => ask(`/v1/ingestions/${encodeURIComponent(id)}`, { method: "DELETE" });

/** @param {AbortSignal} [signal] @returns {Promise<StoredIndex[]>} */
export const indexes = async signal => /** @type {{ indexes: StoredIndex[] }} */ (await ask("/v1/indexes", { signal })).indexes;

/** @param {string} name @returns {Promise<StoredIndex>} */
export const activateIndex = name => ask("/v1/indexes/active", { method: "PUT", body: { name } });

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

/**
 * Why a picture cannot be shown: an element does not say, so the service is asked once more.
 * @param {string} id
 * @param {unknown} error what came of it so far
 * @returns {Promise<unknown>}
 */
export const pictureFault = async (id, error) => (error instanceof RequestError || template ? error
  : send(`/v1/pictures/${encodeURIComponent(id)}`).then(({ body }) => body?.cancel().then(() => error), fault => fault));

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
