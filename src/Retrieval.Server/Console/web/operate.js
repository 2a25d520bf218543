/** Operate: what is served, how well, and the ingestions into it. Asked again every two seconds while it is looked at. */

/** @import { Health, Model } from "./types.js" */
import { onRekeyed } from "./again.js";
import { metrics, model, ready, RequestError } from "./api.js";
import { h, renew } from "./dom.js";
import { histogram, read, single } from "./exposition.js";
import { indexPanel } from "./indexes.js";
import { ingestionPanel } from "./ingestions.js";
import { fault, misaddressed, waiting } from "./notices.js";
import { bytes, count, duration, score } from "./numbers.js";

const EVERY = 2000;

/** Of how many times at least a bound of half of them, and of 95 %, is given: of fewer it is that of one or two. */
const FEWEST_HALF = 5, FEWEST_MOST = 20;

/** @type {import("./main.js").View} */
export async function operateView(main, parameters, signal) {
  /** @type {[id: string, title: string, ask: (served: Promise<Model>) => Promise<Node[]>][]} */
  const panels = [
    ["health", "Health", async () => healthOf(await ready(signal))],
    ["index", "Index", async served => indexOf(await served)],
    ["device", "Model and device", async served => deviceOf(await served)],
    ["times", "Queue and latency", async () => timesOf(await metrics(signal))],
  ];
  const bodies = panels.map(() => h("div", {}, waiting()));
  const [stored, runs] = [indexPanel(signal), ingestionPanel(signal)];
  main.replaceChildren(h("h1", {}, "Operate"), misaddressed(parameters, []) ?? "",
    h("div", { class: "panels" }, ...panels.map(([id, title], place) => h("section", { class: "panel", "aria-labelledby": id }, h("h2", { id }, title), bodies[place]))),
    stored.panel, runs.panel);

  const refresh = () => {
    const served = model(signal);
    return Promise.all([...panels.map(([, , ask], place) => show(/** @type {HTMLElement} */ (bodies[place]), () => ask(served), signal)), stored.refresh(served), runs.refresh()]);
  };
  /** Whether the last round waits for answers: of a server that hangs no more is asked for. */
  let asking = false;
  const round = async () => {
    if (!asking) {
      asking = true;
      await refresh().finally(() => {
        asking = false;
      });
    }
  };
  onRekeyed(() => void refresh(), signal);
  await round();
  if (!signal.aborted) {
    const timer = setInterval(() => void (document.hidden || round()), EVERY);
    signal.addEventListener("abort", () => clearInterval(timer));
  }
}

/**
 * Shows what was asked for, or why there is none.
 * @param {HTMLElement} body
 * @param {() => Promise<Node[]>} ask
 * @param {AbortSignal} signal
 */
async function show(body, ask, signal) {
  try {
    renew(body, ...await ask());
  } catch (error) {
    if (signal.aborted) {
      return;
    }
    // A replica that is not ready says why: that is its state, and no fault of the view.
    renew(body, fault(error instanceof RequestError ? error : new RequestError({ title: "Error", status: 0, detail: String(error) }), false));
  }
}

/** @param {[string, import("./dom.js").Child][]} rows */
const facts = rows => h("dl", { class: "facts" }, ...rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));

/** @param {Health} health */
const healthOf = health => [
  h("p", {}, h("span", { class: "state good" }, health.status)),
  ...health.note ? [h("div", { class: "notice warn" }, health.note)] : [],
];

/** @param {Model} served */
function indexOf({ index, catalog, shortlist }) {
  return [facts([
    ["Images", count(index.images)], ["Captions", count(index.captions)], ["Epoch", index.epoch], ["Shortlists from", shortlist],
    ...catalog ? /** @type {[string, string][]} */ ([["Catalog", `${catalog.index ?? "no index"}, epoch ${catalog.epoch}, ${count(catalog.lag)} behind`], ["Postgres", catalog.reachable ? "answers" : "does not answer"]]) : [],
  ]), ...index.manifestDamaged ? [h("div", { class: "notice warn" }, "One of the two files of the index's manifest is missing or damaged. The next write repairs it.")] : [],
  ...catalog?.refusal ? [h("div", { class: "notice warn" }, catalog.refusal)] : []];
}

/** @param {Model} served */
function deviceOf({ model: label, system, form, precision, device, provider, pairsPerCall, parity, explainer, pictures }) {
  return [facts([
    ["Model", label], ["System", `${system}, ${form}, ${precision}`], ["Device", device.name], ["Why there", device.reason], ["Provider", provider],
    ["Memory", device.memoryBytes ? bytes(device.memoryBytes) : "unknown"], ["Pairs a batch", count(pairsPerCall)],
    ["Parity", `${parity["passed"] ? "passed" : "failed"}: off by ${Object.entries(parity).filter(([name, value]) => typeof value === "number" && name !== "tolerance" && name !== "pairs").map(([, value]) => score(/** @type {number} */ (value))).join(", ")}; tolerance ${score(/** @type {number} */ (parity["tolerance"]))}`],
    ["Explainer", explainer ? "yes" : "none in the bundle"], ["Pictures", pictures ? "yes" : "none configured"],
  ])];
}

/** @param {string} text */
function timesOf(text) {
  const samples = read(text);
  const stages = histogram(samples, "retrieval_stage_duration_seconds", "stage");
  const queries = histogram(samples, "retrieval_query_duration_seconds", "kind");
  /** @param {string} name */
  const number = name => count(single(samples, name) ?? 0);
  return [
    facts([["Requests waiting", number("retrieval_queue_depth")], ["Pairs waiting", number("retrieval_queue_pairs")], ["Pairs admitted", number("retrieval_queue_admitted")],
      ["Oldest", duration(single(samples, "retrieval_queue_age_seconds") ?? 0)]]),
    table("Queries", queries), table("Stages", stages),
    ...queries.length + stages.length ? [h("p", { class: "faint" }, `Times of all that the server measured since it started, as many as stand under number. “Half within” is given from ${FEWEST_HALF} on, “95 % within” from ${FEWEST_MOST}.`)] : [],
  ];
}

/** @param {string} title @param {ReturnType<typeof histogram>} rows */
function table(title, rows) {
  return rows.length === 0 ? h("p", { class: "faint" }, `${title}: none yet.`) : h("table", {},
    h("thead", {}, h("tr", {}, ...[title, "number", "mean", "half within", "95 % within"].map(text => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows.map(row => h("tr", {}, h("th", { scope: "row" }, row.label),
      ...[count(row.count), duration(row.mean), bound(row.half, row.count, FEWEST_HALF), bound(row.most, row.count, FEWEST_MOST)].map(text => h("td", {}, text))))));
}

/** @param {number} seconds @param {number} number how many were measured @param {number} fewest of how many something is said */
const bound = (seconds, number, fewest) => (number < fewest ? "–" : Number.isFinite(seconds) ? duration(seconds) : "longer");
