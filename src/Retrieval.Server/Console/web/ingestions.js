/** Runs of ingestions: progress, rejects, start and cancel. */

/** @import { Ingestion } from "./types.js" */
import { cancelIngestion, ingestion, ingestions, RequestError, startIngestion } from "./api.js";
import { h, renew, svg } from "./dom.js";
import { fault } from "./notices.js";
import { count, counted, duration } from "./numbers.js";
import { sourceForm } from "./sources.js";

/** @param {AbortSignal} signal */
export function ingestionPanel(signal) {
  const list = h("div", { class: "runs" });
  const said = h("div", { "aria-live": "polite" });
  /** @type {Set<string>} */
  const opened = new Set();

  const refresh = async () => {
    try {
      const runs = await ingestions(signal);
      const shown = runs.length ? await Promise.all(runs.map(run => runOf(run, opened, act, signal))) : [h("p", { class: "faint" }, "No runs yet.")];
      // The list is made anew: a button of it that had the focus has it again.
      const focused = document.activeElement?.id;
      renew(list, ...shown);
      if (focused) {
        document.getElementById(focused)?.focus();
      }
    } catch (error) {
      if (!signal.aborted) {
        renew(list, fault(error, false));
      }
    }
  };

  /** @param {() => Promise<unknown>} what */
  const act = async what => {
    said.replaceChildren();
    try {
      await what();
    } catch (error) {
      if (!(error instanceof RequestError)) {
        throw error;
      }
      said.replaceChildren(fault(error));
    }
    await refresh();
  };

  const form = sourceForm(request => void act(() => startIngestion(request)));
  const panel = h("section", { class: "panel", "aria-labelledby": "runs" }, h("h2", { id: "runs" }, "Ingestions"), form, said, list);
  return { panel, refresh };
}

/**
 * @param {Ingestion} run
 * @param {Set<string>} opened runs whose rejects are shown
 * @param {(what: () => Promise<unknown>) => Promise<void>} act
 * @param {AbortSignal} signal
 */
async function runOf(run, opened, act, signal) {
  const done = run.nextRow + run.uncommitted;
  const share = run.totalRows ? done / run.totalRows : run.state === "completed" ? 1 : 0;
  const rejects = run.rejected > 0 && opened.has(run.id) ? (await ingestion(run.id, signal)).firstRejects : null;
  return h("article", { class: "run", "aria-label": `Run of ${run.source}` },
    h("p", {}, h("span", { class: `state ${run.state === "completed" ? "good" : run.state === "running" ? "busy" : "bad"}` }, run.state), " ", h("strong", {}, run.source), " ",
      h("span", { class: "faint" }, `started ${new Date(run.startedAt).toLocaleString()}`)),
    svg("svg", { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", role: "img", "aria-label": `${Math.round(100 * share)} % done` }, svg("rect", { width: 100 * share, height: 1 })),
    h("p", {}, `${count(done)}${run.totalRows ? ` of ${count(run.totalRows)}` : ""} rows${run.uncommitted ? `, ${count(run.uncommitted)} of them not committed yet` : ""}: ${count(run.stored)} stored, ${count(run.replaced)} replaced, ${count(run.skipped)} unchanged, ${count(run.rejected)} rejected`,
      run.state === "running" && run.rowsPerSecond ? `; ${count(Math.round(run.rowsPerSecond))} rows/s` : null,
      run.state === "running" && run.remainingSeconds ? `, ${duration(run.remainingSeconds)} left` : null),
    run.message ? h("p", {}, run.message) : null,
    h("p", { class: "actions" },
      run.state === "running" ? h("button", { type: "button", id: `cancel-${run.id}`, disabled: run.cancelRequested, onclick: () => act(() => cancelIngestion(run.id)) }, run.cancelRequested ? "Stopping …" : "Cancel") : null,
      run.rejected > 0 ? h("button", { type: "button", class: "quiet", id: `rejects-${run.id}`, "aria-expanded": opened.has(run.id), onclick: () => {
        if (!opened.delete(run.id)) {
          opened.add(run.id);
        }
        return act(async () => {});
      } }, counted(run.rejected, "reject")) : null),
    rejects ? h("ul", { class: "rejects" }, ...rejects.map(reject => h("li", {}, `${reject.source}, row ${reject.row}${reject.id === null ? "" : ` (${reject.id})`}: ${reject.reason}`))) : null);
}
