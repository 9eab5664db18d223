/** How far a set is: all of it in a bar and a sentence. */

import { sentence } from "../errors.js";
import { html } from "../html.js";
import { count, duration, say } from "../words.js";
import { Icon } from "./icons.js";

const WORKING = new Set(["queued", "running"]);

export function Progress({ job, sending, isLost, onRetry }) {
  if (sending && sending.phase !== "ordered") return html`<${Sending} sending=${sending} onRetry=${onRetry} />`;
  if (WORKING.has(job.status)) return html`<${Working} job=${job} />`;
  if (isLost) return html`<p class="problem" role="status"><${Icon} name="alert" /><span>${say(job.status === "uploaded" ? "set.waits" : "set.elsewhere")}</span></p>`;
  const { failed, total } = job.progress;
  if (job.status === "failed") return html`<p class="problem" role="status"><${Icon} name="alert" /><span>${say("set.all_failed")}</span></p>`;
  if (job.status === "done" && failed > 0) return html`<p class="notice" role="status">${count("set.some_failed", failed, { total })}</p>`;
  if (job.expired) return html`<p class="notice" role="status">${say("set.expired")}</p>`;
  return null;
}

function Sending({ sending, onRetry }) {
  const { photos, phase, error } = sending;
  const all = photos.reduce((sum, { size }) => sum + size, 0);
  const sent = photos.reduce((sum, { loaded }) => sum + loaded, 0);
  const through = photos.filter(({ state }) => state === "sent").length;
  const isAway = photos.some(({ state }) => state === "lost");
  if (phase === "stopped") {
    return html`<div class="problem" role="alert"><${Icon} name="alert" /><p>${sentence(error)} <button class="link" onClick=${onRetry}>${say("again")}</button></p></div>`;
  }
  return html`<div class="progress">
    <progress max="100" value=${all ? (sent / all) * 100 : 0} aria-label=${say("status.sending")}></progress>
    <p role="status">${isAway ? html`<${Icon} name="cloud" />${say("sending.lost")}` : phase === "ordering" ? say("status.ordering") : count("sending.sent", through, { total: photos.length })}</p>
  </div>`;
}

function Working({ job }) {
  const { done, failed, total } = job.progress;
  const eta = job.queue?.eta_seconds;
  const ahead = job.queue?.ahead ?? 0;
  const text = done + failed === 0 && ahead > 0 ? count("working.ahead", ahead) : count("working.done", done + failed, { total });
  return html`<div class="progress">
    <progress max=${total} value=${done + failed} aria-label=${say("status.running")}></progress>
    <p role="status">${text}${eta ? ` · ${say("working.eta", { time: duration(eta) })}` : ""}</p>
  </div>`;
}
